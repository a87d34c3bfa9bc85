"""Classifiers an organisation brings along: local transformers models, HTTP services, and chains of them.

Each is a `TextClassifier` or `PictureClassifier` (see `moderation.classifiers`). Nothing here is loaded
unless asked for; torch is imported inside the functions that need it.
"""
