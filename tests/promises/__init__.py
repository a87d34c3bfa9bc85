"""The promises that docs/reliability.md makes, each with the command that measures it, and the table of what was seen."""
