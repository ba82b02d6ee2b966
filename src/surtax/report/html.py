"""One self-contained HTML file from an outcome, for screen, phone and paper.

Text, tables and charts; no scripts, no requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from surtax.errors import InputError
from surtax.report import words
from surtax.report.charts import unique_labels
from surtax.report.markup import Safe, join, paragraphs, section, tag
from surtax.report.numbers import Money
from surtax.report.page import page, write_page
from surtax.report.sections import effects, grounds, policy
from surtax.report.summary import REST, Summary, summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from surtax.model.decomposition import Decomposition
    from surtax.model.outcome import Outcome


@dataclass(frozen=True)
class Report:
    """What the sections are made from.

    Attributes
    ----------
    outcome, summary : the result, and what its front page shows.
    closures : the same scenario under other closures, by name, the outcome's own first; empty if
    not asked for.
    decomposition : terms of the change of real income, if asked for.
    command : what makes this report again.
    """

    outcome: Outcome
    summary: Summary
    closures: Mapping[str, Outcome]
    decomposition: Decomposition | None
    command: str | None

    @cached_property
    def names(self) -> dict[str, str]:
        """Names by code, each once; the rest together as well."""
        world = self.outcome.world
        found = dict(zip(world.countries, unique_labels(world.countries, world.country_names), strict=True))
        return found | {r.code: r.name for r in self.summary.countries if r.code == REST}

    @cached_property
    def sectors(self) -> dict[str, str]:
        """Names of sectors by code, each once."""
        world = self.outcome.world
        return dict(zip(world.sectors, unique_labels(world.sectors, world.sector_names), strict=True))

    @cached_property
    def money(self) -> Money:
        """The unit of amounts."""
        return Money(float(np.max(np.abs(self.outcome.world.income))), self.outcome.world.unit)

    @property
    def year(self) -> object:
        """The year of the accounts, or None."""
        return self.outcome.world.meta.get("year")

    @cached_property
    def source(self) -> str:
        """The line under charts and tables."""
        c = self.outcome.conditions
        return (
            f"Source: Surtax, {c.model} model; accounts: {c.vintage}; trade elasticities: "
            f"{c.elasticities}; "
            f"deficits: {c.closure}."
        )


# In the order of the page: anchor, title, and what makes it; a section with nothing to say is left
# out.
SECTIONS: tuple[tuple[str, str, Callable[[Report], Safe]], ...] = (
    ("countries", "Who gains and who loses", effects.countries),
    ("ranking", "Real income in every country", effects.ranking),
    ("map", "Real income on the map", effects.on_the_map),
    ("sectors", "What happens to sectors", effects.sectors),
    ("trade", "Trade with each other", effects.trade),
    ("revenue", "Tariff revenue", policy.revenue),
    ("measures", "The measures", policy.measures),
    ("left-out", "What is left out", policy.left_out),
    ("closures", "How much hangs on the treatment of trade deficits", grounds.closures),
    ("decomposition", "Where the change of real income comes from", grounds.decomposition),
    ("conditions", "Conditions under which this holds", grounds.conditions),
    ("definitions", "What the quantities mean", grounds.definitions),
    ("reproduce", "How to reproduce and cite this", grounds.reproduce),
)


def render(
    outcome: Outcome,
    *,
    closures: Mapping[str, Outcome] | None = None,
    decomposition: Decomposition | None = None,
    command: str | None = None,
    summary: Summary | None = None,
) -> str:
    """Return the report as HTML; the same outcome gives the same text.

    Parameters
    ----------
    outcome : the result.
    closures : the same scenario in the same accounts solved under other closures, {name: outcome}.
    decomposition : `outcome.decomposition()`, if it is to be shown.
    command : the command line that makes this report again.
    summary : `summarise(outcome)`, where it is at hand.

    Raises
    ------
    InputError
        an outcome in `closures`, or the decomposition, is of other countries.
    """
    _same_countries(outcome, closures or {}, decomposition)
    every = {outcome.conditions.closure: outcome, **(closures or {})} if closures else {}
    report = Report(outcome, summary or summarise(outcome), every, decomposition, command)
    made = [(anchor, title, make(report)) for anchor, title, make in SECTIONS]
    shown = [x for x in made if x[2]]
    links = tag("ul", *(tag("li", tag("a", title, href=f"#{a}")) for a, title, _ in shown))
    body = join(
        [
            _front(report),
            tag("nav", links, aria_label="Contents"),
            tag("main", "\n", join(section(*x) for x in shown)),
            _foot(report),
        ]
    )
    return page(report.summary.title, body)


def write_report(
    outcome: Outcome,
    path: str | Path,
    *,
    closures: Mapping[str, Outcome] | None = None,
    decomposition: Decomposition | None = None,
    command: str | None = None,
    summary: Summary | None = None,
) -> None:
    """Write the report to `path`; see `render`.

    Raises
    ------
    InputError
        the file cannot be written.
    """
    text = render(outcome, closures=closures, decomposition=decomposition, command=command, summary=summary)
    write_page(text, path)


def _same_countries(outcome: Outcome, closures: Mapping[str, Outcome], decomposition: Decomposition | None) -> None:
    own = outcome.world.countries
    for name, other in closures.items():
        if other.world.countries != own:
            raise InputError(f"closures[{name!r}] is of other countries than the outcome: solve the same world.")
        if other.conditions.closure != name:
            raise InputError(f"closures[{name!r}] was solved under {other.conditions.closure!r}: give it that name.")
    if decomposition is not None and tuple(decomposition.total.coords["country"]) != own:
        raise InputError("the decomposition is of other countries than the outcome.")


def _front(report: Report) -> Safe:
    s = report.summary
    kicker = " · ".join(x for x in ("Surtax report", s.date and f"measures as of {words.day(s.date)}") if x)
    return tag(
        "header",
        tag("p", kicker, class_="kicker"),
        tag("h1", s.title),
        tag("p", " ".join(words.headline(s, report.year)), class_="answer"),
        paragraphs(words.nature(s.conditions), class_="caution"),
        paragraphs(s.description and f"The scenario: {s.description}", class_="description"),
    )


def _foot(report: Report) -> Safe:
    return tag(
        "footer",
        paragraphs(report.source, "Made by Surtax, free software under the Apache Licence 2.0."),
    )
