"""Imprimatur's Django project: people, projects, requests, review, and the public check."""

__version__ = "0.1.0"
