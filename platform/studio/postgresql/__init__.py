"""The database engine that `postgresql://` means: Django's, with one difference (`base`)."""
