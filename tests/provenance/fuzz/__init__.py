"""Broken files through the check, by the ten thousand: nothing crashes, nothing hangs, nothing changed passes."""
