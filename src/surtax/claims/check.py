"""From a claim file to readings, values and a verdict, by one rule for all claims.

Each reading gives a range and a bound. It *holds* where the whole range lies on the claim's side of the bound, *fails*
where none of it does, and is *open* where the bound lies inside. A claim that states an amount holds under a reading
whose range reaches it. The verdict counts: all, none, or which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surtax.claims.expression import Range, names_in, value
from surtax.claims.figures import figure, figures
from surtax.claims.measured import measure
from surtax.errors import InputError, exists, nearest

if TYPE_CHECKING:
    from surtax.claims.schema import ClaimFile
    from surtax.claims.schema import Reading as ReadingFile

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "claims"
HOLDS, FAILS, OPEN, CONTEXT = "holds", "does not hold", "open", "context"


@dataclass(frozen=True)
class Reading:
    """One reading and what came of it.

    Attributes
    ----------
    id, means, unit, note : as in the file.
    range : its value.
    status : "holds", "does not hold", "open" or "context".
    bound, because : what decides, in words.
    sources : of the figures and experiments that it uses.
    needed : for an amount: how many times the reading's upper end it would take to reach it; else None.
    """

    id: str
    means: str
    range: Range
    unit: str
    status: str
    bound: str
    because: str
    sources: tuple[str, ...]
    needed: float | None
    note: str


@dataclass(frozen=True)
class Checked:
    """A claim, computed.

    Attributes
    ----------
    name, title, words, quotation, who, when, source, side, meaning : as in the file.
    claimed : the stated amount with its unit, or None.
    readings : most favourable to the claimant first.
    verdict : in one sentence; grounds : the sentences it rests on.
    conditions : experiment → what its results hold under.
    not_computed : what is not at hand.
    """

    name: str
    title: str
    words: str
    quotation: str
    who: str
    when: str
    source: str
    side: str
    meaning: str
    claimed: tuple[float, str] | None
    readings: tuple[Reading, ...]
    verdict: str
    grounds: tuple[str, ...]
    conditions: Mapping[str, tuple[str, ...]]
    not_computed: tuple[str, ...]

    @property
    def replay(self) -> str:
        """The command that makes this again."""
        import shlex

        return f"surtax check {shlex.quote(self.name)}"

    @property
    def quoted(self) -> str:
        """The words, in quotation marks only where they are those said."""
        ending = {"verbatim": "", "abridged": " (abridged)", "paraphrase": " (not a quotation)"}[self.quotation]
        return (self.words if self.quotation == "paraphrase" else f"“{self.words}”") + ending

    @property
    def citation(self) -> str:
        """A line to cite."""
        from surtax import __version__

        return f"Surtax {__version__}, claim check “{self.title}” ({self.replay})"

    @property
    def paragraph(self) -> str:
        """The check in a few sentences, to be quoted with its citation.

        The verdict, then for an amount the largest reading, else the first reading of each kind: its value and bound.
        """
        told = list(self.grounds[:1])
        if self.claimed is None:
            first = {r.status: r for r in reversed(self.readings) if r.status != CONTEXT}
            order = [r for r in self.readings if first.get(r.status) is r]
            told = [f"It {'is ' if r.status == OPEN else ''}{r.status} in this sense: {_sentence(r)}." for r in order]
        day = f"{self.who}, {self.when}"
        return f"{self.quoted} ({day}). {self.verdict} {' '.join(told)} {self.citation}; sources and conditions there."


def claim_names() -> tuple[str, ...]:
    """Names of the claims that ship."""
    return tuple(sorted(p.stem for p in SHIPPED.glob("*.yaml")))


def load_claim(name: str | Path) -> tuple[str, ClaimFile]:
    """A claim by name or file: its name and what it says.

    Raises
    ------
    InputError
        no such claim (nearest names offered) or file; unknown keys, wrong values (with their line).
    """
    from surtax.claims.schema import ClaimFile
    from surtax.yamlfile import read_yaml

    text = str(name)
    if text in claim_names():
        return text, read_yaml(SHIPPED / f"{text}.yaml", ClaimFile)
    path = Path(text)
    if path.suffix.lower() in (".yaml", ".yml") or exists(path):
        return text, read_yaml(path, ClaimFile)
    known = claim_names()
    hint = nearest(text, known) or f"; known: {', '.join(known)}"
    raise InputError(f"unknown claim {text!r}{hint} (or give the path of a YAML file)")


@lru_cache(maxsize=16)
def check(name: str | Path) -> Checked:
    """Compute a claim.

    Raises
    ------
    InputError
        see `load_claim`; a reading that uses a figure or result that does not exist.
    """
    shown, claim = load_claim(name)
    results: dict[str, Range] = {}
    conditions: dict[str, tuple[str, ...]] = {}
    for test in claim.tests:
        found, conditions[test.name] = measure(test.do, test.with_)
        results |= {f"{test.name}.{k}": v for k, v in found.items()}

    def find(wanted: str) -> Range:
        if wanted in results:
            return results[wanted]
        if wanted in figures():
            return figure(wanted).range
        hint = nearest(wanted, [*results, *figures()])
        raise InputError(f"claim {shown!r}: unknown figure or result {wanted!r}{hint}")

    readings = tuple(_read(r, claim, value(r.value, find), results) for r in claim.readings)
    verdict, grounds = _verdict(claim, readings)
    return Checked(
        shown, claim.title, claim.words, claim.quotation, claim.who, claim.when, claim.source, claim.side,
        claim.meaning, None if claim.claimed is None else (claim.claimed.value, claim.claimed.unit),
        readings, verdict, grounds, conditions, tuple(claim.not_computed),
    )  # fmt: skip


def _read(r: ReadingFile, claim: ClaimFile, found: Range, results: Mapping[str, Range]) -> Reading:
    sources = []
    for n in names_in(r.value):
        if n in results:
            sources.append(f"{n}: computed")
        else:
            f = figure(n)
            sources.append(f"{f.what}, {f.year}: {f.source}")
    needed = None
    if r.context:
        status, bound, because = CONTEXT, "", ""
    elif r.holds is not None:
        above = r.holds.above is not None
        limit = r.holds.above if r.holds.above is not None else r.holds.below
        status = _side(found, float(limit or 0.0), above=above)
        bound, because = f"{'above' if above else 'below'} {limit:g} {r.unit}", r.holds.because
    else:
        assert claim.claimed is not None  # noqa: S101 - the schema has seen to it
        # An amount is reached where the reading's upper end is no smaller.
        status = HOLDS if found.high >= claim.claimed.value else FAILS
        bound, because = f"at least {claim.claimed.value:g} {claim.claimed.unit}", "the amount that is claimed"
        needed = claim.claimed.value / found.high if found.high > 0 else None
    return Reading(r.id, r.means, found, r.unit, status, bound, because, tuple(sources), needed, r.note)


def _side(found: Range, limit: float, *, above: bool) -> str:
    low, high = found if above else Range(-found.high, -found.low)
    edge = limit if above else -limit
    if low > edge:
        return HOLDS
    return FAILS if high <= edge else OPEN


def _verdict(claim: ClaimFile, readings: tuple[Reading, ...]) -> tuple[str, tuple[str, ...]]:
    """The sentence, and what it rests on."""
    deciding = [r for r in readings if r.status != CONTEXT]
    by = {s: [r for r in deciding if r.status == s] for s in (HOLDS, FAILS, OPEN)}
    n = len(deciding)
    if len(by[HOLDS]) == n:
        verdict = f"Holds under {'the one reading' if n == 1 else f'all {n} readings'} examined here."
    elif len(by[FAILS]) == n:
        verdict = f"Does not hold under {'the one reading' if n == 1 else f'any of the {n} readings'} examined here."
    else:
        parts = [f"holds under {len(by[HOLDS])} of {n} readings" if by[HOLDS] else ""]
        parts += [f"does not hold under {len(by[FAILS])}" if by[FAILS] else ""]
        parts += [f"is open under {len(by[OPEN])}" if by[OPEN] else ""]
        text = ", ".join(p for p in parts if p)
        verdict = f"Depends on what is meant: {text}."
    grounds = []
    if claim.claimed is not None:
        amounts = [r for r in deciding if r.needed is not None]
        if amounts:
            best = max(amounts, key=lambda r: r.range.high)
            text = f"The largest reading ({best.means}) comes to {best.range.high:.4g} {best.unit}"
            rest = f", {100 * best.range.high / claim.claimed.value:.0f} % of the {claim.claimed.value:g} claimed"
            grounds.append(f"{text}{rest}.")
    grounds += [f"{r.means}: {show(r)}; {r.status} ({r.bound}: {r.because})." for r in deciding]
    return verdict, tuple(grounds)


def _sentence(r: Reading) -> str:
    return f"{r.means} – {show(r)}, the bound being {r.bound}"


def show(r: Reading) -> str:
    """A reading's value in words."""
    low, high = f"{r.range.low:.3g}", f"{r.range.high:.3g}"
    return f"{low} {r.unit}" if low == high else f"{low} to {high} {r.unit}"


def as_plain(found: Checked) -> dict[str, Any]:
    """The result as plain values for JSON."""
    plain = asdict(found)
    for r in plain["readings"]:
        r["low"], r["high"] = r.pop("range")
    return {
        "schema": "surtax-check/1",
        **plain,
        "paragraph": found.paragraph,
        "citation": found.citation,
        "replay": found.replay,
    }
