"""What long lists and large exports cost, on a database of their own: `python -m tests.studio.speed`."""
