"""How well, and how fast, the record of a picture is found again: the long measurements behind docs/finding.md."""
