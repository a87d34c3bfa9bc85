"""The report as one HTML file that needs nothing else: words first, then plots, then a sheet of the pictures.

Every sentence says what it rests on; there is no score and no colour for good or bad.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from PIL import Image

from moderation.representation.figures import (
    default_plot,
    languages_plot,
    named,
    role_words,
    shares_plot,
    spread_plot,
)
from moderation.representation.sets import Picture

_SHOWN = 8  # pictures of each group on the sheet
_SIDE = 96  # pixels of a thumbnail
_CLEAR = 0.95  # share of resampled sets from which a group is called the default
_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.55 system-ui,sans-serif;max-width:46rem;margin:0 auto;padding:2rem 1rem 4rem;
background:Canvas;color:CanvasText}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2.4rem 0 .5rem}
h3{font-size:1rem;margin:1.4rem 0 .2rem}p{margin:.5rem 0}.small{font-size:.875rem;opacity:.8}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.35rem .6rem .35rem 0;
border-bottom:1px solid color-mix(in srgb,currentColor 18%,transparent)}
svg{width:100%;max-width:38rem;height:auto;display:block;margin:.4rem 0}.wide{overflow-x:auto}
.sheet img{width:100%;height:auto;display:block;border-radius:6px}
""".replace("\n", "")


def page(
    report: Mapping[str, Any], pictures: Sequence[Picture], *, unmarked: str, open_: Callable[[Picture], Image.Image]
) -> str:
    """The whole page."""
    body = [
        "<h1>Who the pictures show</h1>",
        "<p>What this model draws when a prompt names nobody in particular, and how alike its pictures are. "
        "Groups are those that the prompts name; nothing about anyone is guessed from a face.</p>",
        _scope(report),
        _shares(report, unmarked),
        *(_role(role, unmarked) for role in report["roles"]),
        _languages(report["languages"]),
        _faces(report["faces"], unmarked),
        _checklist(report["checklist"]),
        _sheet(pictures, unmarked, open_),
        "<h2>Not measured</h2>",
        _bullets(report["not_measured"]),
        _too_few(report["too_few"]),
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Representation report</title><style>{_STYLE}</style><body>{''.join(body)}</body></html>"
    )


def _shares(report: Mapping[str, Any], unmarked: str) -> str:
    of, n = report["shares"]["of"], report["shares"]["marker"][0]["n"]
    said = f"Of {n} {of}, the share that names each group and each role, with its 95 % interval."
    plots = "".join(
        f"<h3>{heading}</h3>{shares_plot(report, about, unmarked)}"
        for about, heading in (("marker", "Groups"), ("role", "Roles"))
    )
    return f"<h2>Whom the prompts name</h2><p>{said}</p>{plots}"


def _scope(report: Mapping[str, Any]) -> str:
    rows = [(name.replace("_", " "), str(said)) for name, said in report["scope"].items()]
    rows += [(f"prompts by {name}", _counts(counts)) for name, counts in report["prompts"].items()]
    return "<h2>What was looked at</h2>" + _table((), rows)


def _role(role: Mapping[str, Any], unmarked: str) -> str:
    name, said = escape(role_words(role["role"])), ""
    if found := role["unmarked_to"]:
        said = _default(name, found) + default_plot(role)
    if role["spread"]:
        said += "<h3>How alike the pictures of one prompt are</h3>" + spread_plot(role, unmarked)
    return f"<h2>{name}</h2>" + (said or "<p>Too few pictures to say anything.</p>")


def _default(name: str, found: Sequence[Mapping[str, Any]]) -> str:
    """What the distances say, and no more: a default only where nearly every resampled set agrees."""
    nearest = found[0]
    sure = f"{nearest['nearest']:.0%} of resampled sets (n = {nearest['n']})"
    if nearest["nearest"] >= _CLEAR:
        said = (
            f"Asked for “{name}” and nothing more, the pictures lie nearest to those asked for as "
            f"<strong>{escape(nearest['marker'])}</strong>: so in {sure}."
        )
    else:
        others = " and ".join(f"“{escape(each['marker'])}”" for each in found)
        said = (
            f"Asked for “{name}” and nothing more, the pictures lie about as near to {others}: this set shows no "
            f"clear default. “{escape(nearest['marker'])}” is the nearest in {sure}."
        )
    return f"<p>{said} The dashed line is the distance that two halves of one group have by chance.</p>"


def _languages(languages: Sequence[Mapping[str, Any]]) -> str:
    if not languages:
        return "<h2>Languages</h2><p>There are no two languages with 30 pictures of the same prompts.</p>"
    said = [
        f"{' and '.join(e['languages'])} "
        + ("are drawn differently" if e["value"] > e["floor"] else "are drawn alike, as far as this set can tell")
        for e in languages
    ]
    return (
        f"<h2>Languages</h2><p>The same prompts in two languages: {escape('; '.join(said))}. A distance beyond the "
        "dashed line would come by chance once in twenty times.</p>" + languages_plot(languages)
    )


def _faces(faces: Mapping[str, Any], unmarked: str) -> str:
    if not faces["counted"]:
        return "<h2>Faces</h2><p>Not counted: the face counter is not installed.</p>"
    rows = [
        (
            named(marker, unmarked),
            f"{e['faces_per_picture']:.2f}",
            f"{e['without']['share']:.0%} of {e['without']['n']}",
        )
        for marker, e in faces["by_marker"].items()
    ]
    return "<h2>Faces</h2>" + _table(("asked for", "faces a picture", "pictures without a face"), rows)


def _checklist(items: Sequence[Mapping[str, Any]]) -> str:
    if not items:
        return "<h2>Checklist of two raters</h2><p>None was given with this set.</p>"
    rows = [
        (
            each["item"],
            ", ".join(f"{rater} {e['share']:.0%} of {e['n']}" for rater, e in each["raters"].items()),
            f"{each['disagreement']['share']:.0%} of {each['disagreement']['n']}" if each["disagreement"]["n"] else "-",
        )
        for each in items
    ]
    return "<h2>Checklist of two raters</h2>" + _table(("seen", "by each rater", "they disagree on"), rows)


def _sheet(pictures: Sequence[Picture], unmarked: str, open_: Callable[[Picture], Image.Image]) -> str:
    groups: dict[tuple[str, str], list[Picture]] = {}
    for picture in pictures:
        groups.setdefault((picture.role, picture.marker), []).append(picture)
    parts = ["<h2>The pictures</h2>"]
    for (role, marker), members in sorted(groups.items()):
        step = max(1, len(members) // _SHOWN)
        strip = _strip([open_(picture) for picture in members[::step][:_SHOWN]])
        said = f"{role_words(role)}, {named(marker, unmarked)}, {len(members)} pictures"
        parts.append(
            f'<h3>{escape(said)}</h3><div class="sheet"><img alt="{escape(said)}: some of them" src="{strip}"></div>'
        )
    return "".join(parts)


def _strip(pictures: Sequence[Image.Image]) -> str:
    """The pictures side by side, as a data address of a PNG."""
    strip = Image.new("RGB", (_SIDE * _SHOWN, _SIDE), "white")
    for at, picture in enumerate(pictures):
        strip.paste(picture.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS), (at * _SIDE, 0))
    stored = io.BytesIO()
    strip.save(stored, "PNG")
    return "data:image/png;base64," + base64.b64encode(stored.getvalue()).decode()


def _too_few(groups: Sequence[Mapping[str, Any]]) -> str:
    if not groups:
        return ""
    said = "; ".join(f"{each['role']}, {each['marker']} (n = {each['n']})" for each in groups)
    return f'<p class="small">Left out for too few pictures: {escape(said)}.</p>'


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items())


def _bullets(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = f"<thead><tr>{''.join(f'<th>{escape(name)}</th>' for name in head)}</tr></thead>" if head else ""
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table>{top}<tbody>{body}</tbody></table></div>'
