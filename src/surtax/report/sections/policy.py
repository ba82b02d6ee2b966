"""Sections on what is done: measures with their instruments and factors, the revenue they raise, what is left out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from surtax.report import words
from surtax.report.markup import Column, Safe, bullets, details, join, paragraphs, table, tag
from surtax.report.numbers import DASH, amount, column, fixed, least
from surtax.world.provenance import base_tariffs as tariffs_in_words
from surtax.world.units import Unit

if TYPE_CHECKING:
    from surtax.policy.scenario import Change
    from surtax.report.html import Report

# More changes than this are left to the scenario file.
MOST_FACTORS = 600
# Longer lists of the metadata are cut.
MOST_LISTED = 8


def revenue(r: Report) -> Safe:
    """Return tariff revenue before and after."""
    rows = [x for x in r.summary.countries if x.revenue or x.revenue_base]
    where = base_tariffs(r)
    if not rows:
        return join([paragraphs("No country shown collects tariff revenue, before or after."), where])
    m = r.money
    change = [x.revenue - x.revenue_base for x in rows]
    shown = table(
        "Tariff revenue, and real income beside it",
        [
            Column("Country", [r.names[x.code] for x in rows], numeric=False),
            Column("Before", m.column([x.revenue_base for x in rows]), unit=m.label),
            Column("After", m.column([x.revenue for x in rows]), unit=m.label),
            Column("Change", m.column(change, sign=True), unit=m.label),
            Column(
                "Real income",
                m.column([x.equivalent_variation for x in rows], sign=True),
                unit=f"change, {m.label}",
            ),
        ],
        class_="short",
    )
    worse = [x for x in rows if x.revenue > x.revenue_base and x.equivalent_variation < 0]
    said = ""
    if worse:
        said = (
            f"In this model {words.joined([words.the(r.names[x.code]) for x in worse])} "
            f"{'collect' if len(worse) > 1 else 'collects'} more and "
            f"{'have' if len(worse) > 1 else 'has'} less real income: "
            "the revenue, which real income includes, does not make up for what is lost otherwise."
        )
        said = words.sentence(said)
    return join([paragraphs(said), shown, where])


def base_tariffs(r: Report) -> Safe:
    """Say who levies tariffs in the base and how that is known; all that the accounts record of it is folded."""
    world = r.outcome.world
    said = tariffs_in_words(world)
    sentences = [words.sentence(f"Tariffs of the base: {'all are zero' if said == 'none' else said}")]
    about = world.meta.get("tariffs")
    facts = about if isinstance(about, Mapping) else {}
    imports, duty = facts.get("imports_usd"), facts.get("duty_usd")
    if isinstance(imports, int | float) and isinstance(duty, int | float) and imports > 0:
        usd = Unit("USD", 1.0, "USD")
        mean = fixed(100 * duty / imports, 2)
        sentences.append(f"Collected: {amount(duty, usd)} on imports of {amount(imports, usd)}, {mean} per cent.")
    unknown = facts.get("cells_without_imports")
    if isinstance(unknown, list | tuple) and unknown:
        sentences.append(
            f"In {len(unknown)} pairs of sector and origin nothing was imported: their rate, which is not defined, "
            f"stands at zero."
        )
    if facts.get("other_importers"):
        sentences.append(words.sentence(str(facts["other_importers"])))
    recorded = [(k, v) for k, v in facts.items() if k != "other_importers" and v not in (None, "", [], {})]
    folded = Safe("")
    if recorded:
        lines = [
            join([tag("strong", _name(k)), Safe(": "), _text(v, f"meta['tariffs']['{k}']")], "") for k, v in recorded
        ]
        folded = details("What the accounts record about their tariffs", bullets(lines))
    return join([paragraphs(" ".join(sentences)), folded])


def _name(key: object) -> str:
    return str(key).replace("_", " ")


def _text(value: object, where: str) -> str:
    """Return metadata as text, whatever shape they have; long lists are counted, and it is said where they stand."""
    if isinstance(value, Mapping):
        parts = {k: _text(v, f"{where}['{k}']") for k, v in value.items() if v not in (None, "", [], {})}
        return "; ".join(f"{_name(k)} {v}" for k, v in parts.items())
    if isinstance(value, list | tuple):
        shown = ", ".join(_text(v, where) for v in value[:MOST_LISTED])
        more = len(value) - MOST_LISTED
        return shown if more <= 0 else f"{len(value)}: {shown} and {more} more, all in {where} of the world"
    if isinstance(value, float):
        return fixed(value, 0 if value.is_integer() or abs(value) > 1e6 else 4)
    return str(value)


def measures(r: Report) -> Safe:
    """Return the measures with their instruments, and the factors behind each rate."""
    rows = r.summary.measures
    if not rows:
        return paragraphs("The scenario has no measures: nothing is changed.")
    m = r.money
    duties = [x.duty for x in rows]
    who = [f"{_labels(r, x.importer)} on {_labels(r, x.exporter)}" for x in rows]
    instruments = [" · ".join(t for t in (x.instrument, x.citation) if t) or "none named" for x in rows]
    shown = table(
        "Measures, what they add to tariffs, and the trade they touch",
        [
            Column(
                "Measure",
                [join([x.title, tag("span", x.id, class_="unit")], " ") for x in rows],
                numeric=False,
            ),
            Column("Who on whom", who, numeric=False),
            Column("Instrument and citation", instruments, numeric=False),
            Column(
                "Added rate",
                least(column([x.mean_rate for x in rows]), [x.mean_rate for x in rows]),
                unit="per cent, mean",
            ),
            Column("Trade of the sectors", m.column([x.trade for x in rows]), unit=m.label),
            Column("Duty", least(m.column(duties), duties), unit=f"{m.label}, after"),
        ],
        notes=[
            (
                "The mean rate is over all trade in the sectors that a measure touches, weighted "
                "by base trade: it is below the legal rate "
                "where only part of a sector's goods is in scope or pays. Each measure is "
                "credited with what it adds to those above it. "
                "Duty: that addition on trade as it is after the change, in the numeraire."
            )
        ],
    )
    return join([shown, _factors(r)])


def _labels(r: Report, codes: str | Iterable[str]) -> str:
    """Names for codes as a scenario gives them; what the world does not know stays as it is."""
    listed = [c.strip() for c in codes.split(",")] if isinstance(codes, str) else list(codes)
    words_for = {"*": "all countries"}
    names = [words_for.get(c, r.names.get(c, c)) for c in listed]
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _sector_labels(r: Report, codes: Sequence[str]) -> str:
    words_for = {"*": "all sectors", "goods": "all goods"}
    return ", ".join(words_for.get(c, f"{c} {r.sectors[c]}" if r.sectors.get(c, c) != c else c) for c in codes)


def _factors(r: Report) -> Safe:
    listed = [(x, c) for x in r.outcome.scenario.measures for c in x.changes]
    parts: list[object] = [
        tag(
            "p",
            "Where a measure gives its factors, added rate = rate × in scope ÷ imports × taxed share.",
        )
    ]
    shown = listed[:MOST_FACTORS]
    for measure in dict.fromkeys(x.id for x, _ in shown):
        own = [(x, c) for x, c in shown if x.id == measure]
        parts.append(_factor_table(r, own[0][0].title or measure, own[0][0].source, [c for _, c in own]))
    if len(listed) > len(shown):
        parts.append(
            tag(
                "p",
                f"{len(listed) - len(shown)} further changes stand in the scenario file.",
                class_="note",
            )
        )
    return details(f"The factors behind each rate ({len(listed)} changes)", *parts)


def _factor_table(r: Report, title: str, source: str, changes: Sequence[Change]) -> Safe:
    given = [dict(c.factors) for c in changes]
    names = list(dict.fromkeys(n for g in given for n in g))
    pairs = {(c.importer, c.exporter) for c in changes}
    columns = [Column("Sector", [_sector_labels(r, c.sector) for c in changes], numeric=False)]
    if len(pairs) > 1:
        both = [f"{_labels(r, c.importer)} on {_labels(r, c.exporter)}" for c in changes]
        columns.append(Column("Who on whom", both, numeric=False))
    for n in names:
        head, _, unit = n.partition(", ")
        cells = [_factor(n, g[n]) if n in g else DASH for g in given]
        columns.append(Column(head[:1].upper() + head[1:], cells, unit=unit))
    columns.append(Column("Change", [_change(c) for c in changes], unit="of the tariff, per cent"))
    if any(c.note for c in changes):
        columns.append(Column("Note", [c.note for c in changes], numeric=False))
    notes = [f"Source: {source}"] if source else []
    if any(len(g) < len(names) for g in given):
        notes.append("A factor that is not given counts as one.")
    return table(title, columns, notes=notes)


def _factor(name: str, value: float) -> str:
    if "share" in name:
        return fixed(value, 4)
    return fixed(value, 0 if float(value).is_integer() else 1)


def _change(c: Change) -> str:
    if c.add is not None:
        return fixed(100 * c.add, 3, sign=True)
    if c.set is not None:
        return f"set to {fixed(100 * c.set, 3)}"
    if c.trade_cost is not None:
        if math.isinf(c.trade_cost):
            return "closed to trade"
        return f"trade cost {fixed(100 * (c.trade_cost - 1), 2, sign=True)} %"
    return "none"


def left_out(r: Report) -> Safe:
    """Return what is in force but not in the scenario."""
    rows = r.summary.left_out
    if not rows:
        return paragraphs("The scenario does not say that anything is left out.")
    return table(
        "In force, or in the world, but not in this scenario",
        [
            Column("What", [w for w, _ in rows], numeric=False),
            Column("Why", [w for _, w in rows], numeric=False),
        ],
    )
