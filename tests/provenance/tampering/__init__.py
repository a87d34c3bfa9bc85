"""Every way to change a ledger behind its triggers, and what finds it. `python -m tests.provenance.tampering` tells."""
