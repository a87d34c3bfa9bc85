"""How long this library takes on this machine, beside the bare calls that it rests on, and beside its goals.

- A thing and its bare call take turns, one round after the other, so that a ratio means something on a busy machine.
- Times are medians by the clock on the wall; `processor` is what the process itself computed, on all its threads.
- Everything is made anew in a temporary folder: keys, pictures, ledgers. Nothing of the product is read or written.
"""

from provenance.benchmark.measurements import Measurement, Plan, measure

__all__ = ["Measurement", "Plan", "measure"]
