"""The words and rules that need no training, as data: `concepts.toml` and `rules.toml`."""
