"""The duty on one line: which measures reach it, which give way, what each takes, and why.

Pure functions over the index and the measures; the standard library alone, so that one duty needs
nothing heavy.

The customs value is thought of as eight parts, four metals (steel, aluminium, copper, the rest)
times two origins of content (not US, US). A base is a set of parts; a measure that gives way to
another "on the part" loses the parts that the other keeps, one that gives way "on the article"
loses all. Measures are settled in the order of precedence, so a measure that was itself displaced
displaces nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from surtax.law import codes
from surtax.law.answer import Answer, Displaced, Finding
from surtax.law.dates import NEVER, iso
from surtax.law.index import Index, Posting, holds
from surtax.law.line import METALS, Line
from surtax.law.rates import convert, convert_price

if TYPE_CHECKING:
    from collections.abc import Sequence

    from surtax.law.measures import Condition, Jurisdiction, Measure, Relation, Row

FULL = 0b11111111
BASES = {
    "full": FULL,
    "quantity": FULL,
    "value-minus-content": FULL,
    "non-us-content": 0b01010101,
    "steel-content": 0b00000011,
    "aluminum-content": 0b00001100,
    "copper-content": 0b00110000,
}
"""Bit 2m + u: metal m (steel, aluminium, copper, rest), u = 0 for content that is not of the US."""

BASE_WORDS = {
    "full": "the full value",
    "value-minus-content": "the value less Canadian and Mexican content",
    "non-us-content": "the content that is not of the United States",
    "steel-content": "the steel content",
    "aluminum-content": "the aluminium content",
    "copper-content": "the copper content",
}

OUT, IN, UNSURE = 0, 1, 2


def base_of(row: Row, us_content: float | None) -> int:
    """Return the parts of the value that a rate row falls on.

    US content that reaches the row's threshold is left out; content that nobody states is none.
    """
    threshold = row.us_content_free_from
    if threshold is not None and us_content is not None and us_content >= threshold:
        return BASES[row.base] & BASES["non-us-content"]
    return BASES[row.base]


@dataclass(frozen=True, slots=True)
class Hits:
    """The product lists that hold a code, whenever: group to (start, end, sign)."""

    inside: dict[int, list[tuple[int, int, int]]]
    partly: dict[int, list[tuple[str, int, int, int]]]

    def state(self, group: int, day: int, children: list[str]) -> int:
        """Return OUT, IN, or UNSURE where the group holds some lines under the code."""
        include = exclude = False
        for start, end, sign in self.inside.get(group, ()):
            if start <= day < end:
                include, exclude = include or bool(sign), exclude or not sign
        if exclude:
            return OUT
        below = [(p, sign) for p, start, end, sign in self.partly.get(group, ()) if start <= day < end]
        if not below or (include and all(sign for _, sign in below)):
            return IN if include else OUT
        if not children:
            return UNSURE
        states = {_child(c, below, include) for c in children}
        return states.pop() if len(states) == 1 else UNSURE

    def periods(self, group: int) -> list[tuple[int, int]]:
        """Return the days on which a group includes the code, if ever."""
        return [(start, end) for start, end, sign in self.inside.get(group, ()) if sign]


def _child(code: str, below: list[tuple[str, int]], include: bool) -> int:
    signs = {sign for prefix, sign in below if code.startswith(prefix)}
    if 0 in signs:
        return OUT
    if include or 1 in signs:
        return IN
    return UNSURE if any(prefix.startswith(code) for prefix, _ in below) else OUT


def find_hits(index: Index, overlay: dict[int, tuple[Posting, ...]], bare: str) -> Hits:
    """Look a code up in every product list at once."""
    inside: dict[int, list[tuple[int, int, int]]] = {}
    partly: dict[int, list[tuple[str, int, int, int]]] = {}
    for group, start, end, sign in index.above(bare):
        inside.setdefault(group, []).append((start, end, sign))
    for number, (group, start, end, sign) in index.below(bare):
        partly.setdefault(group, []).append((codes.prefix_of(number), start, end, sign))
    for number, postings in overlay.items():
        prefix = codes.prefix_of(number)
        for group, start, end, sign in postings:
            if bare.startswith(prefix):
                inside.setdefault(group, []).append((start, end, sign))
            elif prefix.startswith(bare):
                partly.setdefault(group, []).append((prefix, start, end, sign))
    return Hits(inside, partly)


@dataclass(slots=True)
class Asked:
    """A line with what was looked up for it."""

    line: Line
    index: Index
    hits: Hits
    children: list[str]
    otherwise: Hits | None
    assumptions: list[str] = field(default_factory=list)

    def member(self, group: int) -> int:
        """Return whether a group holds the product."""
        return self.hits.state(group, self.line.day, self.children)

    def members(self, groups: tuple[int, ...]) -> int:
        """Return whether any of the groups holds the product."""
        states = [self.member(g) for g in groups]
        return IN if IN in states else UNSURE if UNSURE in states else OUT


@dataclass(slots=True)
class Draft:
    """A measure on its way to a finding."""

    measure: Measure
    applies: bool | None = None
    code: str = ""
    reason: str = ""
    row: Row | None = None
    mask: int = 0
    subject: int = 0
    subject_citation: str = ""
    unknown: str | None = None
    displaced: list[tuple[Relation, int]] = field(default_factory=list)
    rate: float | None = None
    rate_text: str | None = None
    share: float | None = None
    effective: float | None = None
    amount: float | None = None
    equivalent: bool = False
    facts: tuple[str, ...] = ()


def refuse(line: Line, reason: str, currency: str | None = None, measures: tuple[Finding, ...] = ()) -> Answer:
    """Return a refusal: no total, and the reason."""
    return Answer(line, "refused", reason, None, None, currency, measures)


def outside(place: Jurisdiction, day: int) -> str | None:
    """Return why a day is outside what the data cover, or None."""
    if day < place.start:
        return f"{iso(day)} is before the first day covered for {place.name}, {iso(place.start)}: {place.before}"
    if day >= place.end:
        pending = "; ".join(f"from {iso(start)}: {text}" for start, text in place.pending if start <= day)
        text = f"{iso(day)} is after the last day covered for {place.name}, {iso(place.end - 1)}: {place.after}"
        return f"{text} Known by name only: {pending}" if pending else text
    return None


def coverage(index: Index, place: Jurisdiction, line: Line) -> str | None:
    """Return why a line is outside what the data cover, or None."""
    day, bare = line.day, line.product
    gap = outside(place, day)
    if gap is not None:
        return gap
    if line.origin == line.importer:
        return f"goods of {line.origin} imported into {line.importer}: no tariff measure on own goods is covered"
    if line.origin not in place.origins:
        return no_origin(place, line.origin)
    if len(bare) not in place.digits:
        wanted = " or ".join(str(n) for n in place.digits)
        return f"{codes.dotted(bare)} has {len(bare)} digits; a tariff item of {place.name} has {wanted}"
    if place.nomenclature is not None and bare[:2] not in ("98", "99"):
        looked_up = bare[: place.nomenclature_digits]
        periods = index.exists(place.nomenclature, looked_up)
        if not holds(periods, day):
            when = ", ".join(_period(start, end) for start, end in periods)
            known = f"it exists {when}" if when else "no edition in the data has it"
            near = ", ".join(codes.dotted(c) for c in index.near(place.nomenclature, looked_up, day))
            return (
                f"{codes.dotted(looked_up)} is not in the tariff nomenclature of {place.name} on {iso(day)}: {known}"
                + (f"; the nearest codes of that day are {near}" if near else "; nor is any code of its heading")
            )
    return None


def no_origin(place: Jurisdiction, origin: str) -> str:
    """Return why an origin is refused: not a country of the data, or not covered."""
    names = place.origin_names
    if not names or origin in names:
        return place.origins_reason or f"goods of {origin} imported into {place.name} are not covered"
    alike = [c for c in names if names[c].upper().startswith(origin)] + [c for c in names if c[:2] == origin[:2]]
    hint = " or ".join(f"{c} ({names[c]})" for c in list(dict.fromkeys(alike))[:3])
    return f"{origin} is not an origin that the data know (ISO 3166 alpha-3 codes)" + (
        f"; did you mean {hint}?" if hint else ""
    )


def _period(start: int, end: int) -> str:
    if start <= 1:
        return f"before {iso(end)}"
    return f"from {iso(start)}" if end >= NEVER else f"from {iso(start)} to {iso(end - 1)}"


def answer(
    index: Index,
    overlay: dict[int, tuple[Posting, ...]],
    place: Jurisdiction,
    order: list[Measure],
    losing: dict[str, list[Relation]],
    line: Line,
) -> Answer:
    """Return the duty on a line.

    Parameters
    ----------
    index, overlay
        Product lists and rate tables, and what edits have added to the lists.
    place
        The coverage of the importer.
    order, losing
        The importer's measures in the order of precedence on the day, and the relations by loser
        (`surtax.law.precedence.Precedence.on`).
    line
        The consignment.
    """
    if gap := coverage(index, place, line):
        return refuse(line, gap, place.currency)
    children = (
        index.children(place.nomenclature, line.product, line.day)
        if place.nomenclature is not None and len(line.product) < codes.DIGITS
        else []
    )
    other = None if line.otherwise is None else find_hits(index, overlay, line.otherwise)
    asked = Asked(line, index, find_hits(index, overlay, line.product), children, other)
    split = Split(line)
    drafts: dict[str, Draft] = {}
    ordinary = 0.0
    ordinary_known = place.status == "complete"
    for measure in order:
        draft = match(measure, asked)
        drafts[measure.id] = draft
        if measure.kind == "remission" or draft.row is None:
            continue
        displace(draft, losing.get(measure.id, ()), drafts)
        price(draft, asked, split, ordinary if ordinary_known else None)
        if measure.kind in ("mfn", "preference"):
            if draft.unknown:
                ordinary_known = False
            ordinary += draft.effective or 0.0
    returnable = remissions(drafts, asked)
    return conclude(place, asked, [drafts[m.id] for m in sorted(order, key=lambda m: m.id)], split, returnable)


class Split:
    """The customs value in its eight parts; shares are asked for as bases need them."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.metals: dict[str, float] = dict(line.metals)
        self.loose = line.metal

    def need(self, base: str) -> str | None:
        """Settle the content a base needs; returns what the user must give if it is not stated."""
        metal = base.removesuffix("-content")
        if metal not in METALS or metal in self.metals:
            return None
        if self.line.metals:
            self.metals[metal] = 0.0
            return None
        if self.loose is None:
            return (
                f"the rate falls on the {metal} content alone, which is not stated: give the "
                "metal content as a share "
                f"of the customs value"
            )
        if self.metals:
            return (
                f"a measure on {next(iter(self.metals))} content and one on {metal} content "
                "both reach the product: "
                "give the content by metal (steel=…, aluminum=…, copper=…)"
            )
        self.metals[metal] = self.loose
        return None

    def share(self, mask: int) -> float:
        """Return the share of the value in a set of parts.

        Metal and US content are multiplied where a set cuts both, as if US content were spread
        evenly.
        """
        by_metal = [self.metals.get(m, 0.0) for m in METALS]
        by_metal.append(max(0.0, 1.0 - sum(by_metal)))
        us = self.line.us_content or 0.0
        total = 0.0
        for bit in range(8):
            if mask >> bit & 1:
                total += by_metal[bit // 2] * (us if bit % 2 else 1.0 - us)
        return total

    @property
    def mixed(self) -> bool:
        """Whether both cuts are in use, so that the even spread is an assumption that matters."""
        return bool(self.line.us_content) and any(0 < v < 1 for v in self.metals.values())


def match(measure: Measure, asked: Asked) -> Draft:
    """Find the row of a measure that fits the line, before precedence."""
    draft = Draft(measure)
    line = asked.line
    if line.origin not in measure.origins:
        draft.code = "origin"
        draft.reason = f"does not reach goods of {line.origin}: it falls on {measure.origins}"
        draft.applies = False
        return draft
    if not any(row.in_force(line.day) for row in measure.rates):
        return _no(draft, "not-in-force", _when(measure, line.day))
    states = {g: asked.member(g) for g in measure.groups.values()}
    if not any(states.values()):
        return _no(draft, *_out_of_scope(measure, asked))
    for row in measure.exemptions:
        fit, why = fits(row, asked, states)
        if fit == IN:
            draft.row = row
            draft.code, draft.reason, draft.applies = "exempt", f"exempt: {row.reason}", False
            # what it would have been: the rate row says
            rate = next((r for r in measure.rates if fits(r, asked, states)[0] == IN), None)
            draft.rate = None if rate is None else stated_rate(rate)
            standing = row.subject_on(line.day)
            if standing is not None:
                # what base it would have fallen on: the rate row says
                draft.subject = base_of(rate, line.us_content) if rate is not None else FULL
                draft.subject_citation = standing
            return draft
        if fit == UNSURE:
            draft.row, draft.unknown, draft.mask = (
                row,
                f"whether it is exempt ({row.reason}) depends on {why}",
                FULL,
            )
            return draft
    if _matched(draft, asked, states):
        return draft
    if any(s == IN for s in states.values()):
        return _no(draft, "not-in-force", f"no rate of it holds for this line on {iso(line.day)}")
    return _no(draft, "out-of-scope", "its lists hold only other lines of this item")


def _matched(draft: Draft, asked: Asked, states: dict[int, int]) -> bool:
    """Give a measure the first of its rate rows that fits, and say what is missing."""
    for row in draft.measure.rates:
        fit, why = fits(row, asked, states)
        if fit == OUT:
            continue
        if fit == UNSURE and draft.measure.kind == "remission":
            # any other ground that is certain grants it
            draft.row, draft.unknown = draft.row or row, draft.unknown or f"it depends on {why}"
            continue
        draft.row, draft.mask = row, base_of(row, asked.line.us_content)
        draft.unknown = why if fit == UNSURE else row.refuse
        return True
    return draft.row is not None


def stated_rate(row: Row) -> float | None:
    """Return the per cent that a row names, None where it names none or an amount per unit as well."""
    return row.ad_valorem if row.specific is None else None


def _no(draft: Draft, code: str, reason: str) -> Draft:
    draft.applies, draft.code, draft.reason = False, code, reason
    return draft


def _when(measure: Measure, day: int) -> str:
    if day < measure.start:
        return f"not yet in force: it starts on {iso(measure.start)}"
    if day >= measure.end:
        last = max(measure.rates, key=lambda r: r.end)
        text = f" ({last.note})" if last.note else ""
        return f"no longer in force: it ended on {iso(measure.end)}{text}"
    return f"suspended: no rate of it holds on {iso(day)}"


def _out_of_scope(measure: Measure, asked: Asked) -> tuple[str, str]:
    day = asked.line.day
    periods = sorted({p for g in measure.groups.values() for p in asked.hits.periods(g)})
    if later := [start for start, _ in periods if start > day]:
        return "not-in-force", f"reaches this product only from {iso(later[0])}"
    if past := [end for _, end in periods if end <= day]:
        return "not-in-force", f"reached this product only until {iso(max(past) - 1)}"
    return "out-of-scope", f"{codes.dotted(asked.line.product)} is not on its lists"


def fits(row: Row, asked: Asked, states: dict[int, int], granting: bool = False) -> tuple[int, str]:
    """Return whether a row fits the line, and what is missing to say so.

    With `granting`, facts count as if they had been stated as the row wants them.
    """
    line = asked.line
    if not row.in_force(line.day) or (row.origins is not None and line.origin not in row.origins):
        return OUT, ""
    groups = tuple(states) if row.groups is None else row.groups
    scope = IN if any(states[g] == IN for g in groups) else UNSURE if any(states[g] for g in groups) else OUT
    if scope == OUT:
        return OUT, ""
    held, why = conditions(row.when, asked, granting)
    if held == OUT:
        return OUT, ""
    if scope == UNSURE:
        return UNSURE, (
            "the statistical suffix: its list holds some of the lines under "
            f"{codes.dotted(line.product)}, not all; "
            "give ten digits"
        )
    return held, why


def conditions(when: Condition | None, asked: Asked, granting: bool = False) -> tuple[int, str]:
    """Return whether a condition holds, and what is missing to say so."""
    if when is None:
        return IN, ""
    line = asked.line
    if (
        when.preference
        and line.preference not in when.preference
        and ("any" not in when.preference or line.preference == "none")
    ):
        return OUT, ""
    stated = line.facts
    if not granting and (not stated.issuperset(when.facts) or not stated.isdisjoint(when.not_facts)):
        return OUT, ""
    unsure = ""
    for name, at_least, above, below in when.content:
        share = _content(name, line)
        if share is None:
            unsure = f"the {name} content, which is not stated"
        elif (
            (at_least is not None and share < at_least)
            or (above is not None and share <= above)
            or (below is not None and share >= below)
        ):
            return OUT, ""
    for groups, wanted in ((when.otherwise_in, True), (when.otherwise_not_in, False)):
        if groups is None:
            continue
        if asked.otherwise is None:
            unsure = "the item under which the goods would otherwise be classified: give it (otherwise)"
            continue
        states = [asked.otherwise.state(g, line.day, []) for g in groups]
        inside = IN in states
        if not inside and UNSURE in states:
            unsure = "the full item under which the goods would otherwise be classified: give all its digits"
        elif inside != wanted:
            return OUT, ""
    return (UNSURE, unsure) if unsure else (IN, "")


def _content(name: str, line: Line) -> float | None:
    if name == "us":
        return line.us_content
    if name == "ca_mx":
        return line.ca_mx_content
    if line.metals:
        return line.metals.get(name, 0.0)
    return line.metal


def displace(draft: Draft, relations: Sequence[Relation], drafts: dict[str, Draft]) -> None:
    """Take from a measure the parts that others, settled before it, keep for themselves."""
    for relation in relations:
        winner = drafts.get(relation.winner)
        if winner is None or not draft.mask:
            continue
        if not winner.subject:
            if winner.unknown and not draft.unknown:
                draft.unknown = f"it gives way to {winner.measure.id}, and whether that applies is unknown"
            continue
        lost = draft.mask if relation.article else draft.mask & winner.subject
        if lost:
            draft.displaced.append((relation, lost))
            draft.mask &= ~lost
    if draft.mask == 0 and draft.displaced:
        draft.unknown = None


def price(draft: Draft, asked: Asked, split: Split, ordinary: float | None) -> None:
    """Compute rate, share, effective rate and amount of a measure on the parts it has kept."""
    row, line = draft.row, asked.line
    if row is None or (row.exempt is not None and draft.unknown is None):
        return
    if not draft.mask and draft.displaced:
        draft.applies, draft.code, draft.rate = False, "displaced", stated_rate(row)
        return
    if draft.unknown is None:
        draft.unknown = split.need(row.base)
    if _stuck(draft):
        return
    share = split.share(draft.mask)
    if row.base == "value-minus-content":
        floor = row.content_floor or 0.0
        share *= 1.0 - max(floor, line.ca_mx_content or 0.0)
        if line.ca_mx_content is None:
            asked.assumptions.append(
                f"{draft.measure.id}: no Canadian and Mexican content claimed, so {floor:.0%} of the value is deducted"
            )
    if row.base == "non-us-content" and line.us_content is None:
        asked.assumptions.append(f"{draft.measure.id}: no US content stated, so the full value pays")
    draft.share = share
    if row.table:
        _ordinary(draft, asked)
    elif row.top_up_to is not None:
        if ordinary is None:
            draft.applies, draft.code = None, "unknown"
            draft.unknown = draft.reason = "its rate depends on the ordinary duty, which is not known for this line"
            return
        draft.rate = max(0.0, row.top_up_to - ordinary)
    else:
        draft.rate = row.ad_valorem or 0.0
        if row.specific is not None:
            _specific(draft, row.specific[0], row.specific[2], asked)
    if _stuck(draft):
        return
    _settle(draft, line)


def _stuck(draft: Draft) -> bool:
    """Mark a measure whose duty cannot be said, and say so."""
    if draft.unknown is None:
        return False
    draft.applies, draft.code, draft.reason = None, "unknown", draft.unknown
    return True


def _settle(draft: Draft, line: Line) -> None:
    row = draft.row
    if row is None or draft.share is None:
        return
    if draft.effective is None and draft.amount is None:
        draft.effective = (draft.rate or 0.0) * draft.share
    if row.at_least is not None:
        if draft.effective is None:
            draft.unknown = f"its floor is {row.at_least:g}% of the customs value: give the value"
            _stuck(draft)
            return
        if draft.effective < row.at_least:
            draft.effective, draft.amount = row.at_least, None
    if draft.amount is None and line.value is not None and draft.effective is not None:
        draft.amount = draft.effective / 100 * line.value
    owed = bool(draft.effective) or bool(draft.amount)
    if owed:
        draft.applies, draft.code, draft.subject = True, "applies", draft.mask
    elif draft.measure.kind in ("mfn", "preference"):
        draft.applies, draft.code = True, "applies"
        draft.reason = draft.reason or "free"
    else:
        draft.applies, draft.code, draft.reason = (
            False,
            "nothing-owed",
            "in scope, but the rate or its base is zero",
        )
        if (standing := row.subject_on(line.day)) is not None:
            draft.subject, draft.subject_citation = draft.mask, standing


def _ordinary(draft: Draft, asked: Asked) -> None:
    """Read the rate of a table: general, special where claimed and open, or column 2."""
    measure, line = draft.measure, asked.line
    table = measure.table
    if table is None:
        return
    found = asked.index.table_row(table.number, line.product, line.day)
    if found is None:
        draft.unknown = f"the rate table has no row for {codes.dotted(line.product)} on {iso(line.day)}"
        return
    general, special, other = found
    column, number = "general rate", general
    if line.origin in table.other_origins:
        column, number = "column 2 rate", other
    elif line.preference != "none":
        column, number = _preference(draft, asked, asked.index.granted(table.number, special), general)
    if draft.unknown:
        return
    ad_valorem, amount, unit, text = asked.index.words(table.number)["rates"][number]
    draft.rate_text = text
    draft.reason = f"{column}: {text}"
    if ad_valorem < 0:
        draft.unknown = f"the {column} is printed as {text!r}, which the data do not turn into a number"
        return
    draft.rate = ad_valorem
    if amount:
        _specific(draft, amount, unit, asked)


def _preference(draft: Draft, asked: Asked, special: dict[str, int], general: int) -> tuple[str, int]:
    table, line = draft.measure.table, asked.line
    if table is None:
        return "general rate", general
    name = line.preference
    served = table.programme_origins.get(name)
    if name in table.not_covered:
        draft.unknown = f"a claim of {name} is not covered: {table.not_covered[name]}"
        return "special rate", general
    if name not in table.programmes:
        draft.unknown = f"the preference {name!r} is not known; known: {', '.join(sorted(table.programmes))}"
        return "special rate", general
    if served is not None and line.origin not in served:
        draft.unknown = f"{name} does not serve goods of {line.origin}"
        return "special rate", general
    granted = {code: special[code] for code in table.programmes[name] if code in special}
    if len(set(granted.values())) > 1:
        draft.unknown = f"the item grants goods of {name} different rates ({', '.join(granted)}), by origin or kind"
        return "special rate", general
    for code, number in granted.items():
        return f"special rate under {name} ({code})", number
    if any(f"{code}*" in special for code in table.programmes[name]):
        draft.unknown = f"the item grants {name} to some goods or origins only, which the data do not list"
        return "special rate", general
    return f"general rate, as the item grants none under {name}", general


def _specific(draft: Draft, amount: float, unit: str, asked: Asked) -> None:
    """Add an amount per unit: by the quantity, or else by a unit value as an ad-valorem equivalent."""
    line = asked.line
    text = f"{amount:g} per {unit}"
    draft.rate_text = draft.rate_text or (f"{draft.rate:g}% + {text}" if draft.rate else text)
    quantity, unit_value = convert(line.quantities, unit), convert_price(line.unit_values, unit)
    share = draft.share if draft.share is not None else 1.0
    if quantity is None:
        if unit_value is None:
            draft.unknown = (
                f"the rate is {draft.rate_text}: give the quantity in {unit}, or a unit value (customs value per "
                f"{unit}) for an ad-valorem equivalent"
            )
            return
        draft.equivalent = True
        draft.effective = (draft.rate or 0.0) * share + 100 * amount / unit_value
        asked.assumptions.append(
            f"{draft.measure.id}: ad-valorem equivalent, {draft.rate_text} at a stated unit value of {unit_value:g} "
            f"per {unit} is {draft.effective:.6g}%"
        )
        return
    fixed = amount * quantity
    if line.value:
        draft.amount = fixed + (draft.rate or 0.0) / 100 * share * line.value
        draft.effective = 100 * draft.amount / line.value
    elif draft.rate:
        draft.unknown = f"the rate is {draft.rate_text}: give the customs value as well"
    else:
        draft.amount = fixed


def remissions(drafts: dict[str, Draft], asked: Asked) -> float | None:
    """Settle remissions: grant those whose facts are stated; measure what others could give.

    Returns
    -------
    float or None
        Per cent of customs value that remissions not claimed could still give back; None if there
        are none.
    """
    left = {i: 1.0 for i, d in drafts.items() if d.applies}
    open_: dict[str, float] = {}
    waiting: list[Draft] = []
    for draft in drafts.values():
        if draft.measure.kind != "remission" or draft.code == "origin":
            continue
        granted = draft.row is not None and draft.row.exempt is None and draft.unknown is None
        if granted and any(left.get(i, 0.0) > 0 for i in draft.measure.remits):
            _grant(draft, drafts, left)
        else:
            waiting.append(draft)
    # those not stated come after those granted, whatever their names: nothing is given back twice
    for draft in waiting:
        for i, share in _leave_open(draft, asked, left).items():
            open_[i] = max(open_.get(i, 0.0), share)
    if not open_:
        return None
    return sum((drafts[i].effective or 0.0) * min(share, left[i]) for i, share in open_.items())


def _grant(draft: Draft, drafts: dict[str, Draft], left: dict[str, float]) -> None:
    remit = 0.0 if draft.row is None else draft.row.remit or 0.0
    due = [i for i in draft.measure.remits if left.get(i, 0.0) > 0]
    share = remit / 100
    draft.rate, draft.applies, draft.code = -remit, True, "applies"
    if all(drafts[i].effective is not None for i in due):
        draft.effective = -sum((drafts[i].effective or 0.0) * min(share, left[i]) for i in due)
    if all(drafts[i].amount is not None for i in due):
        draft.amount = -sum((drafts[i].amount or 0.0) * min(share, left[i]) for i in due)
    for i in due:
        left[i] = max(0.0, left[i] - share)
    draft.reason = f"remits {remit:g}% of {', '.join(due)}"


def _leave_open(draft: Draft, asked: Asked, left: dict[str, float]) -> dict[str, float]:
    """Say of a remission that was not granted on what it hangs; returns what shares it could give back."""
    measure, day = draft.measure, asked.line.day
    draft.applies = False
    stuck, draft.unknown = draft.unknown, None
    if draft.row is None and (draft.code == "out-of-scope" or not any(row.in_force(day) for row in measure.rates)):
        return {}
    due = [i for i in measure.remits if left.get(i, 0.0) > 0]
    if not due:
        draft.row, draft.code = None, "nothing-owed"
        draft.reason = f"nothing is due that it would remit ({', '.join(measure.remits)})"
        return {}
    rows = _grantable(measure, asked)
    if not rows:
        draft.row, draft.code, draft.reason = None, "out-of-scope", "no row of it reaches this line as it is stated"
        return {}
    facts = dict.fromkeys(row.when.facts if row.when else () for row in rows)
    words = [" and ".join(f"{measure.facts[f]} ({f})" for f in names) for names in facts if names]
    text = "; or ".join(words) or "its list holds the goods"
    limit = f"; {measure.limit}" if measure.limit else ""
    draft.facts = tuple(dict.fromkeys(f for names in facts for f in names))
    remit = max(row.remit or 0.0 for row in rows)
    draft.row, draft.code, draft.rate = rows[0], "not-claimed", -remit
    draft.reason = f"remits {remit:g}% of {', '.join(due)} if {text}: {stuck or 'not stated'}{limit}"
    return dict.fromkeys(due, remit / 100)


def _grantable(measure: Measure, asked: Asked) -> list[Row]:
    """Return the rows of a remission that would fit the line if their facts were stated."""
    if asked.line.origin not in measure.origins or not any(r.in_force(asked.line.day) for r in measure.rates):
        return []
    states = {g: asked.member(g) for g in measure.groups.values()}
    return [r for r in measure.rates if r.remit and fits(r, asked, states, granting=True)[0] != OUT]


def unstated(draft: Draft, asked: Asked) -> list[str]:
    """Return the facts that would have exempted the line from a measure, had they been stated."""
    measure = draft.measure
    states = {g: asked.member(g) for g in measure.groups.values()}
    found = []
    for row in measure.exemptions:
        if row.when is None or not row.when.facts:
            continue
        if fits(row, asked, states)[0] == OUT and fits(row, asked, states, granting=True)[0] != OUT:
            found += [f"{measure.id}: not stated that {measure.facts[f]} ({f})" for f in row.when.facts]
    return found


def conclude(place: Jurisdiction, asked: Asked, drafts: list[Draft], split: Split, returnable: float | None) -> Answer:
    """Add up, and write the findings."""
    line = asked.line
    findings = tuple(finding(draft, split) for draft in drafts)
    unknown = [f for f in findings if f.applies is None]
    if split.mixed:
        asked.assumptions.append("US content is taken as spread evenly over metal and the rest")
    if unknown:
        reason = "; ".join(f"{f.id}: {f.reason}" for f in unknown)
        return refuse(line, reason, place.currency, findings)
    applied = [d for d in drafts if d.applies]
    for draft in applied:
        asked.assumptions += unstated(draft, asked)
    rates = [d.effective for d in applied]
    amounts = [d.amount for d in applied]
    total_rate = None if None in rates else _clean(sum(r for r in rates if r is not None))
    total_amount = None if None in amounts else _clean(sum(a for a in amounts if a is not None))
    if not applied and line.value is not None:
        total_amount = 0.0
    if line.value is None and not any(a is not None for a in amounts):
        total_amount = None
    return Answer(
        line,
        place.status,
        place.status_reason,
        total_rate,
        total_amount,
        place.currency,
        findings,
        None if returnable is None or total_rate is None else (_clean(total_rate - returnable), total_rate),
        assumptions=tuple(dict.fromkeys(asked.assumptions)),
    )


def _clean(number: float) -> float:
    return round(number, 9) + 0.0


def _none_or_zero(draft: Draft) -> float | None:
    """A measure that does not apply takes nothing; one that is not known takes nobody knows what."""
    return 0.0 if draft.applies is False else None


def finding(draft: Draft, split: Split) -> Finding:
    """Write what happened to a measure."""
    measure, row = draft.measure, draft.row
    displaced = tuple(
        Displaced(relation.winner, _clean(split.share(lost)), relation.citation) for relation, lost in draft.displaced
    )
    reason = draft.reason
    if draft.code == "displaced":
        reason = "; ".join(f"gives way to {d.by} under {d.citation}" for d in displaced)
    elif draft.applies:
        base_words = BASE_WORDS.get("full" if row is None else row.base, "the full value")
        whole = draft.share is None or draft.share > 1 - 1e-12
        share = "" if whole else f", {draft.share:.4g} of the value"
        if not whole and base_words == BASE_WORDS["full"]:
            base_words, share = f"{draft.share:.4g} of the value", ""
        reason = reason or f"{draft.rate_text or f'{draft.rate:.6g}%'} of {base_words}{share}"
        if displaced:
            reason += "; on the rest gives way to " + ", ".join(f"{d.by} under {d.citation}" for d in displaced)
    priced = draft.applies is True
    base = None if row is None or row.exempt is not None else row.base
    main = max(displaced, key=lambda d: d.share, default=None)
    return Finding(
        id=measure.id,
        title=measure.title,
        kind=measure.kind,
        instrument=measure.instrument,
        citation=measure.cited(row),
        applies=draft.applies,
        code=draft.code,
        reason=reason,
        rate=draft.rate,
        rate_text=draft.rate_text,
        base=base,
        base_share=_clean(draft.share) if priced and draft.share is not None else _none_or_zero(draft),
        effective_rate=_clean(draft.effective) if priced and draft.effective is not None else _none_or_zero(draft),
        amount=_clean(draft.amount) if priced and draft.amount is not None else _none_or_zero(draft),
        excluded_by=main.by if main else None,
        displaced=displaced,
        equivalent=draft.equivalent,
        facts=draft.facts,
        confidence=(row.confidence if row is not None else None) or measure.confidence,
        note=row.note if row is not None else None,
    )
