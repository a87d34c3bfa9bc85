"""What each command does: calls the library, prints, and returns the exit code.

The clock and the ids of decisions come from here; the library has none of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moderation.actions import Action, Coverage
from moderation.decision import Decision
from moderation.errors import InputError, PolicyError
from moderation.policy import Policy

if TYPE_CHECKING:
    from PIL.Image import Image

    from moderation.adapters.configured import Configured

_TOLD_EVERY = 500  # rows
EXIT = {Action.ALLOW: 0, Action.ANNOTATE: 0, Action.REVIEW: 3, Action.BLOCK: 4}


def policy_named(name: str) -> Policy:
    """The preset `name`, or the policy in the JSON file of that path; raises `PolicyError` for neither."""
    from moderation.presets import PRESETS

    if name in PRESETS:
        return PRESETS[name]
    try:
        value = json.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise PolicyError(f"policy: {name!r} is no preset ({', '.join(PRESETS)}) and no JSON file") from wrong
    return Policy.from_json(value)


def screen(given: argparse.Namespace) -> int:
    """Screen one prompt and print the decision."""
    from moderation.prompts import PromptScreen

    policy = policy_named(given.policy)
    decision = PromptScreen.load(threads=1, classifiers=classifiers_in(given.classifiers).text).screen(
        given.text,
        policy=policy,
        decision_id=str(uuid.uuid4()),
        at=datetime.now(UTC),
        negative_prompt=given.negative,
        language=given.language,
        english=given.english,
    )
    return _report(decision, as_json=given.json)


def screen_picture(given: argparse.Namespace) -> int:
    """Screen one picture file and print the decision."""
    from moderation.features import PooledFeatures
    from moderation.pictures import PictureScreen
    from moderation.prompts import PromptScreen
    from moderation.reference_store import FileStore
    from moderation.references import Registry

    policy, picture, added = policy_named(given.policy), opened(given.file), classifiers_in(given.classifiers)
    references = FileStore(given.references).all() if given.references else ()
    screening = PictureScreen.load(
        threads=given.threads,
        classifiers=added.picture,
        references=Registry(references, reader=PooledFeatures.load(threads=given.threads)) if references else None,
        prompts=PromptScreen.load(threads=given.threads, classifiers=added.text),
    )
    decision = screening.screen(
        picture.tobytes(),
        picture.width,
        picture.height,
        policy=policy,
        decision_id=str(uuid.uuid4()),
        at=datetime.now(UTC),
    )
    return _report(decision, as_json=given.json)


def opened(file: Path) -> Image:
    """The picture in `file` as RGB; raises `InputError` when it cannot be read."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            return picture.convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as wrong:
        raise InputError(f"file: {file} is no picture that can be read: {wrong}") from wrong


def classifiers_in(file: Path | None) -> Configured:
    """The classifiers an organisation added in a JSON file, or none."""
    from moderation.adapters.configured import Configured, read_classifiers

    return Configured() if file is None else read_classifiers(file, environment=os.environ)


def evaluate(given: argparse.Namespace) -> int:
    """Evaluate the prompt screen on labelled rows and print the table."""
    from moderation.evaluation import evaluate as run
    from moderation.evaluation import table
    from moderation.labelled import read_labelled
    from moderation.prompts import PromptScreen

    labelled = read_labelled(given.file, language=given.language)
    report = run(
        labelled,
        screen=PromptScreen.load(threads=1, classifiers=classifiers_in(given.classifiers).text),
        policy=policy_named(given.policy),
        at=datetime.now(UTC),
        progress=lambda done: _progress(done, len(labelled.rows)),
    )
    if given.misses:
        lines = (json.dumps(miss, ensure_ascii=False) for miss in report.misses)
        given.misses.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _print(report.to_json(), table(report), as_json=given.json)
    return 0


def show_policy(given: argparse.Namespace) -> int:
    """Print one policy with its digest."""
    policy = policy_named(given.policy)
    lines = [f"{policy.name}  {policy.digest}", f"languages {', '.join(policy.languages)}"]
    lines.append(f"uncovered language: {policy.uncovered_language.word}, failure: {policy.on_failure.word}")
    for limit in policy.limits:
        bounds = limit.threshold
        levels = "  ".join(
            f"{word} {'never' if bound is None else f'from {bound:.2f}'}"
            for word, bound in (("note", bounds.annotate_at), ("hold", bounds.review_at), ("block", bounds.block_at))
        )
        lines.append(f"  {limit.stage:8} {limit.category:20} {levels}  {bounds.mode}")
    lines += [f"  {term.kind} '{term.word}' for {term.category}, {term.owner}: {term.reason}" for term in policy.terms]
    _print({**policy.to_json(), "digest": policy.digest}, "\n".join(lines), as_json=given.json)
    return 0


def compare_policies(given: argparse.Namespace) -> int:
    """Print what differs between two policies."""
    from moderation.inheritance import differences

    changes = differences(policy_named(given.before), policy_named(given.after))
    lines = [f"{change.field}: {change.before or '(absent)'} -> {change.after or '(absent)'}" for change in changes]
    as_rows = [{"field": change.field, "before": change.before, "after": change.after} for change in changes]
    _print(as_rows, "\n".join(lines) or "no difference", as_json=given.json)
    return 0


def train_heads(given: argparse.Namespace) -> int:
    """Train the heads and write them, with what cross-validation says of each."""
    from moderation.corpus import examples
    from moderation.encoder import Encoder
    from moderation.heads import HEADS_FILE
    from moderation.train import RECIPE, train

    texts = examples(
        per_line=RECIPE.per_line,
        per_harmless_line=RECIPE.per_harmless_line,
        styled=RECIPE.styled,
        seed=RECIPE.seed,
    )
    heads, reports = train(texts, encoder=Encoder.load(threads=given.threads), recipe=RECIPE, say=_say)
    file = given.out or HEADS_FILE
    heads.save(file)
    for report in reports:
        found = f"{report.found:6.1%} found, {report.found_plainly:6.1%} plainly"
        _say(f"{report.category:20} {report.positives:5} texts, {found}")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    _say(f"{file.name} has SHA-256 {digest}; to bundle it, write that into HEADS_SHA256 of moderation/heads.py")
    return 0


def convert_nsfwjs(given: argparse.Namespace) -> int:
    """Convert the nsfwjs network and print the digest of the result."""
    from moderation.conversion import convert
    from moderation.nudity import NSFWJS_FILE

    _say(convert(given.package, given.out or NSFWJS_FILE))
    return 0


def _report(decision: Decision, *, as_json: bool) -> int:
    heading = f"{decision.action.word}  ({decision.stage}, {decision.language or 'no language'}, {decision.coverage})"
    lines = [heading]
    for finding in decision.findings:
        if finding.action > Action.ALLOW or finding.coverage is not Coverage.SCREENED:
            score = "-" if finding.score is None else f"{finding.score:.2f}"
            word = f"{finding.action.word:9} {score:5} {finding.coverage:12}"
            lines.append(f"  {finding.category:20} {word} {finding.source}")
    lines += [f"  {sentence}" for sentence in (*decision.reasons(), *decision.remedies())]
    _print(decision.to_json(), "\n".join(lines), as_json=as_json)
    return EXIT[decision.action]


def _progress(done: int, total: int) -> None:
    """How far it is: on one line of a terminal, elsewhere every 500 rows."""
    said = f"{done} of {total} screened"
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{said}" + ("\n" if done == total else ""))
    elif done % _TOLD_EVERY == 0:
        sys.stderr.write(f"{said}\n")


def _print(value: Any, text: str, *, as_json: bool) -> None:
    _say(json.dumps(value, indent=2, ensure_ascii=False) if as_json else text)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
