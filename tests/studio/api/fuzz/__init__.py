"""Asks both interfaces for programs what nobody thought of, by their own descriptions (schemathesis).

Each answer must be one that the description names, in its shape, and none a fault of ours. It runs in one process,
without workers: what they would do was done beforehand, and nobody is waited for.
"""
