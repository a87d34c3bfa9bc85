"""Training of diffusion models with lineage: data, runs, model folders and their cards.

`import generation.training` loads no torch; only the modules that train, export and measure do.
"""
