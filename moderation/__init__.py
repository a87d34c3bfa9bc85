"""Moderation: text or pixels in, a recorded decision out.

Not a promise that nothing harmful passes. It screens prompts and pictures against a policy, holds for a
person what it is unsure of or cannot read, and says what it did not look at. Usable alone, from Python and
from its command line (`python -m moderation --help`); it knows no web framework, no queue and no database.

- `policy`, `terms`, `presets`, `inheritance`: what is looked for, and what follows;
- `prompts`: the prompt screen (normaliser, language, heads on a sentence encoder, rules, terms);
- `pictures`: the picture screen (two nudity opinions, degenerate frames);
- `decision`: the record; `evaluation`: how well a screen does on labelled prompts.
"""
