"""docs/tour.md: the tour's pictures in their order, one sentence under each. Its import needs Django set up."""

from tests.e2e.tour.stops import PHONE, TOUR

MOST_BYTES = 3_000_000
HEAD = """# A tour in pictures

Written by `make tour`: a sample organisation in the middle of its work, with pictures that the shipped model has drawn.
Every page is there in light and dark, at a desk and on a phone, in six languages; here are some of each.
"""


def written(folder: str) -> str:
    """The page, for pictures that lie in `folder` beside it."""
    parts = [HEAD]
    for people, stops in TOUR.items():
        parts.append(f"## {people}\n")
        for stop in stops:
            width = ' width="300"' if stop.screen is PHONE else ""
            parts.append(f'<img src="{folder}/{stop.name}.webp" alt="{stop.says}"{width}>\n\n{stop.says}\n')
    return "\n".join(parts)
