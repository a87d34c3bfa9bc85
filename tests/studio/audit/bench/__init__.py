"""What the register and the reports cost, on a database of their own: `python -m tests.studio.audit.bench`."""
