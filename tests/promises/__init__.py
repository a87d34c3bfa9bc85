"""The promises of docs/reliability.md, each with the command that measures it, and the table of what was seen."""
