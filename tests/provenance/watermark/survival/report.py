"""The measured tables of docs/watermark.md, between its two marks; the text around them is written by hand.

`python -m tests.provenance.watermark.survival.report docs/watermark.md RESULTS.jsonl…` writes them.
"""

import json
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_OURS = "lattice (ours)"
_SETS = {
    "photographs": "photographs, 512² and more",
    "small": "photographs, 256²",
    "flat": "flat art",
}

Row = dict[str, Any]


def write(page: Path, results: Iterable[Path]) -> None:
    """Replace what is between the marks of a page by the tables of these results."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{tables(read(results))}{END}{after}", encoding="utf-8")


def read(results: Iterable[Path]) -> list[Row]:
    """All lines of the result files."""
    return [json.loads(line) for path in results for line in path.read_text(encoding="utf-8").splitlines()]


def tables(rows: Sequence[Row]) -> str:
    """All tables, in Markdown."""
    parts = [_pictures(rows), _survival(rows), _worst(rows), _likeness(rows), _beside_peers(rows), _costs(rows)]
    alarms = [_alarms(row) for row in rows if row["set"] == "alarms"]
    return "\n".join(part for part in [*parts, *alarms] if part)


def _of(rows: Iterable[Row], set_: str, mark: str = _OURS) -> list[Row]:
    return [row for row in rows if row["set"] == set_ and row.get("mark") == mark]


def _pictures(rows: Sequence[Row]) -> str:
    lines = ["### The pictures\n"]
    for set_, about in _SETS.items():
        own = _of(rows, set_)
        if own:
            packages = sorted({row["picture"].partition("/")[0] for row in own if "/" in row["picture"]})
            names = len({row["picture"] for row in own})
            lines.append(f"- {about}: {len(own)} pictures of {names} motifs" + _list(packages))
    kinds = sorted({row["variant"] for row in _of(rows, "photographs")})
    counts = [f"{sum(row['variant'] == kind for row in _of(rows, 'photographs'))} {kind}" for kind in kinds]
    return "\n".join([*lines, f"\nThe first are: {'; '.join(counts)}.\n"])


def _list(packages: Sequence[str]) -> str:
    return f", from {', '.join(f'`{name}`' for name in packages)}" if packages else ""


def _survival(rows: Sequence[Row]) -> str:
    sets = {name: _of(rows, name) for name in _SETS}
    attacks = list(dict.fromkeys(name for row in sets["photographs"] for name in row["wrong"]))
    lines = ["### What it survives: payload back with a correct check\n", _line(["after", *_SETS.values()])]
    lines.append(_line(["---"] + ["---:"] * len(_SETS)))
    for attack in attacks:
        lines.append(_line([attack, *(_share(own, attack) for own in sets.values())]))
    return "\n".join(lines) + "\n"


def _share(rows: Sequence[Row], attack: str) -> str:
    asked = [row["wrong"][attack] == 0 for row in rows if attack in row["wrong"]]
    return f"{100 * statistics.mean(asked):.1f} % ({sum(asked)}/{len(asked)})" if asked else "-"


def _worst(rows: Sequence[Row]) -> str:
    """The photographs that were lost most often, and to what."""
    lost: dict[str, list[str]] = {}
    for row in _of(rows, "photographs"):
        gone = [name for name, wrong in row["wrong"].items() if wrong]
        if gone:
            lost[f"{row['picture']} ({row['variant']})"] = gone
    worst = sorted(lost.items(), key=lambda item: -len(item[1]))[:12]
    lines = [f"- {name}: {', '.join(gone)}" for name, gone in worst]
    return "\n".join(
        [f"### The worst cases: {len(lost)} pictures of the first set were lost to something\n", *lines, ""]
    )


def _likeness(rows: Sequence[Row]) -> str:
    lines = ["### How like the original it leaves a picture\n"]
    lines += [_line(["pictures", "n", "PSNR least", "median", "SSIM least", "median"])]
    lines += [_line(["---"] + ["---:"] * 5)]
    for set_, about in {**_SETS, "large": "photographs, 1600² to 2048²"}.items():
        own = _of(rows, set_)
        if own:
            psnr, ssim = [row["psnr"] for row in own], [row["ssim"] for row in own]
            figures = [f"{min(psnr):.2f} dB", f"{statistics.median(psnr):.2f} dB"]
            figures += [f"{min(ssim):.4f}", f"{statistics.median(ssim):.4f}"]
            lines.append(_line([about, str(len(own)), *figures]))
    return "\n".join(lines) + "\n"


def _beside_peers(rows: Sequence[Row]) -> str:
    own = [row for row in rows if row["set"] == "peers"]
    marks = list(dict.fromkeys(row["mark"] for row in own))
    if len(marks) < 2:
        return ""
    by_mark = {mark: _of(rows, "peers", mark) for mark in marks}
    # Only pictures that all of them were asked about count.
    seen = set.intersection(*({row["picture"] for row in group} for group in by_mark.values()))
    by_mark = {mark: [row for row in group if row["picture"] in seen] for mark, group in by_mark.items()}
    lines = [f"### Beside its peers, the same {len(seen)} photographs at 512² and more\n"]
    lines += ["Payload back whole (and the mean share of wrong bits; nothing read counts as a half).\n"]
    lines += [_line(["after", *marks]), _line(["---"] + ["---:"] * len(marks))]
    for attack in by_mark[_OURS][0]["wrong"]:
        lines.append(_line([attack, *(_both(group, attack) for group in by_mark.values())]))
    for about, figure in _TRAITS.items():
        lines.append(_line([about, *(figure(group) for group in by_mark.values())]))
    return "\n".join(lines) + "\n"


def _both(rows: Sequence[Row], attack: str) -> str:
    wrong = [row["wrong"][attack] for row in rows]
    return f"{100 * statistics.mean(value == 0 for value in wrong):.0f} % ({100 * statistics.mean(wrong):.1f} %)"


def _median(field: str, form: str) -> Callable[[Sequence[Row]], str]:
    return lambda rows: form.format(statistics.median(row[field] for row in rows))


def _least(field: str, form: str) -> Callable[[Sequence[Row]], str]:
    return lambda rows: form.format(min(row[field] for row in rows))


_TRAITS: dict[str, Callable[[Sequence[Row]], str]] = {
    "PSNR, median": _median("psnr", "{:.1f} dB"),
    "PSNR, least": _least("psnr", "{:.1f} dB"),
    "SSIM, median": _median("ssim", "{:.4f}"),
    "SSIM, least": _least("ssim", "{:.4f}"),
    "embed, median": _median("embed_ms", "{:.0f} ms"),
    "read, median": _median("read_ms", "{:.0f} ms"),
}


def _costs(rows: Sequence[Row]) -> str:
    """Processor time by size, which other work on the machine hardly moves."""
    lines = [
        "### What it costs: the processor's milliseconds on one core, medians\n",
        _line(["pixels", "n", "embed", "read"]),
    ]
    lines += [_line(["---"] + ["---:"] * 3)]
    every = [row for set_ in ("small", "photographs", "large") for row in _of(rows, set_)]
    for about, low, high in _SIZES:
        own = [row for row in every if low <= row["size"][0] * row["size"][1] < high]
        if own:
            times = [statistics.median(row[field] for row in own) for field in ("embed_ms", "read_ms")]
            lines.append(_line([about, str(len(own)), *(f"{value:.0f}" for value in times)]))
    return "\n".join(lines) + "\n"


_SIZES = (
    ("256² and less", 0, 300**2),
    ("512² to 1024²", 512**2, 1024**2),
    ("1024² to 1600²", 1024**2, 1600**2),
    ("1600² to 2048²", 1600**2, 2049**2),
)


def _alarms(row: Row) -> str:
    return (
        "### False alarms\n\n"
        f"{row['pictures']:,} pictures without a mark ({row['kinds']}), each asked under a key of its own:"
        f" {row['attempts']:,} frames were decoded, the first byte of the check was right by chance in"
        f" {row['first_byte']:,} of them (expected: {row['attempts'] / 256:.0f}), the whole check in {row['alarms']}.\n"
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _files(arguments: Sequence[str]) -> Iterator[Path]:
    return (Path(argument) for argument in arguments)


if __name__ == "__main__":
    write(Path(sys.argv[1]), _files(sys.argv[2:]))
