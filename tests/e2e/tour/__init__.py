"""The tour in pictures: an organisation at work, photographed page by page (`python -m tests.e2e.tour`)."""
