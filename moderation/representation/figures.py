"""The plots of a report as SVG, each with its name and heading; light, so that a page may draw them anew.

Invariant: what a plot shows is in the report's JSON with its n; nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from moderation.representation.plots import Bar, intervals

_MOST_SHARES = 12  # rows of a plot of shares; the rest stands in the JSON


def plots_of(report: Mapping[str, Any], unmarked: str) -> dict[str, str]:
    """Every plot of the report as SVG, by a name for its file."""
    plots: dict[str, str] = {}
    for role in report["roles"]:
        name = "".join(c if c.isalnum() else "-" for c in role["role"])
        plots |= {f"{name}-default": default_plot(role)} if role["unmarked_to"] else {}
        plots |= {f"{name}-spread": spread_plot(role, unmarked)} if role["spread"] else {}
    for about in ("marker", "role"):
        plots[f"{about}s-named"] = shares_plot(report, about, unmarked)
    return plots | ({"languages": languages_plot(report["languages"])} if report["languages"] else {})


def shares_plot(report: Mapping[str, Any], about: str, unmarked: str) -> str:
    """The shares of the prompts that name each marker, or each role (`about`)."""
    of, rows = report["shares"]["of"], report["shares"][about][:_MOST_SHARES]
    bars = [Bar(named(row["name"], unmarked), row["share"], row["low"], row["high"]) for row in rows]
    return intervals(bars, title=f"Share of the {of} by {about}", axis=f"of {of}", percent=True)


def default_plot(role: Mapping[str, Any]) -> str:
    """How far the pictures of a role with nobody named lie from those of each group."""
    bars = [Bar(f"to “{e['marker']}”", e["value"], e["low"], e["high"], role["floor"]) for e in role["unmarked_to"]]
    return intervals(bars, title=f"Distance of {role['role']} with nobody named to each group", axis="distance")


def spread_plot(role: Mapping[str, Any], unmarked: str) -> str:
    """How alike the pictures of each group of a role are."""
    groups = sorted(role["spread"].items(), key=lambda group: (group[0] != unmarked, group[0]))
    bars = [Bar(named(marker, unmarked), e["value"], e["low"], e["high"]) for marker, e in groups]
    return intervals(bars, title=f"Spread within each group of {role['role']}", axis="spread")


def languages_plot(languages: Sequence[Mapping[str, Any]]) -> str:
    """How far every two languages lie apart over the same prompts."""
    bars = [Bar(" and ".join(e["languages"]), e["value"], e["low"], e["high"], e["floor"]) for e in languages]
    return intervals(bars, title="Distance of two languages over the same prompts", axis="distance")


def role_words(role: str) -> str:
    """A role as words: sets name it as a file name does."""
    return role.replace("-", " ").replace("_", " ")


def named(marker: str, unmarked: str) -> str:
    """A marker as a reader has it."""
    return "nobody named" if marker == unmarked else marker
