"""What a player wants: a weighted sum of changes that the model knows, in per cent of the base.

    income               real income, 100 (Î/P̂ − 1)
    revenue              tariff revenue in units of world factor income, 100 (R′ − R)/I
    wages                real wage, 100 (ŵ/P̂ − 1)
    wages:C24A,C29       real factor income earned in those sectors, 100 (Σ γ^V Y′ / (P̂ Σ γ^V Y) − 1)
    jobs:C24A,C29        factors employed there, 100 (Σ γ^V Y′ / (ŵ Σ γ^V Y) − 1)

Each term is the player's own unless `@CAN` names another country; weights are political weights in the sense of Ossa
(2014, Am. Econ. Rev. 104), here added to real income: `income + 0.2 jobs:C24A - 0.1 income@CHN`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, nearest
from surtax.model import core
from surtax.model.adjoint import Cotangents
from surtax.model.base import Base

if TYPE_CHECKING:
    from surtax.world import World

Array = NDArray[np.float64]

KINDS = ("income", "revenue", "wages", "jobs")
_TERM = re.compile(
    r"\s*(?P<sign>[+-])?\s*(?:(?P<weight>\d+(?:\.\d*)?|\.\d+)\s*\*?\s*)?"
    r"(?P<kind>[A-Za-z]+)(?::(?P<sectors>[\w,]+))?(?:@(?P<country>\w+))?\s*"
)


@dataclass(frozen=True)
class Term:
    """One thing that is wanted: its kind, weight, sectors (none: all) and country (empty: the player's own)."""

    kind: str
    weight: float = 1.0
    sectors: tuple[str, ...] = ()
    country: str = ""

    def __str__(self) -> str:
        weight = "" if self.weight == 1 else f"{self.weight:g} "
        sectors = f":{','.join(self.sectors)}" if self.sectors else ""
        return f"{weight}{self.kind}{sectors}{f'@{self.country}' if self.country else ''}"


@dataclass(frozen=True)
class Objective:
    """A weighted sum of terms, per cent of the base."""

    terms: tuple[Term, ...] = (Term("income"),)

    def __str__(self) -> str:
        return " + ".join(map(str, self.terms)).replace("+ -", "- ")

    @classmethod
    def parse(cls, text: str) -> Objective:
        """Read `income + 0.2 jobs:C24A,C29 - 0.1 income@CHN`.

        Raises
        ------
        InputError
            it does not read so, an unknown kind, or a term that no policy moves.
        """
        terms: list[Term] = []
        at = 0
        while at < len(text.rstrip()):
            m = _TERM.match(text, at)
            if m is None or (terms and m["sign"] is None):
                raise InputError(
                    f"objective {text!r}: cannot read {text[at:].strip()!r}; write terms such as "
                    f"'income + 0.2 jobs:C24A,C29 - 0.1 income@CHN'."
                )
            weight = float(m["weight"] or 1) * (-1 if m["sign"] == "-" else 1)
            sectors = tuple(x for x in (m["sectors"] or "").split(",") if x)
            terms.append(_checked(Term(m["kind"].lower(), weight, sectors, m["country"] or ""), text))
            at = m.end()
        if not terms:
            raise InputError("an empty objective: 'income' is the usual one.")
        return cls(tuple(terms))


def _checked(term: Term, text: str) -> Term:
    if term.kind not in KINDS:
        raise InputError(
            f"objective {text!r}: unknown term {term.kind!r}{nearest(term.kind, KINDS)} (one of {', '.join(KINDS)})"
        )
    if term.kind == "jobs" and not term.sectors:
        raise InputError(
            f"objective {text!r}: factors are fully employed in this model, so that jobs over all sectors never change "
            f"and the objective is flat. Name sectors, such as jobs:C24A,C29, or take wages."
        )
    if term.kind in ("income", "revenue") and term.sectors:
        raise InputError(f"objective {text!r}: {term.kind} has no sectors; 'jobs:' and 'wages:' have.")
    if term.weight == 0:
        raise InputError(f"objective {text!r}: a weight of zero leaves the term {term.kind!r} out; drop it.")
    return term


@dataclass(frozen=True, eq=False)
class Bound:
    """An objective for a player in a world: what `value` and `cotangents` read off an equilibrium.

    Attributes
    ----------
    rows : kind, weight, position of the country, mask of sectors [s].
    """

    objective: Objective
    player: int
    base: Base
    rows: tuple[tuple[str, float, int, Array], ...]

    def value(self, x: Array, state: core.State) -> float:
        """The objective at an equilibrium, per cent; zero at the base."""
        return sum(weight * self._read(kind, n, mask, x, state) for kind, weight, n, mask in self.rows)

    def _read(self, kind: str, n: int, mask: Array, x: Array, state: core.State) -> float:
        b = self.base
        log_w, log_P, _ = core.unpack(x, b)
        if kind == "revenue":
            return float(100 * (state.R[n] - b.R[n]) / b.I[n])
        log_price = float(b.alpha[:, n] @ log_P[:, n])
        if kind == "income":
            return float(100 * np.expm1(np.log(state.I[n] / b.I[n]) - log_price))
        if kind == "wages" and mask.all():
            return float(100 * np.expm1(log_w[n] - log_price))
        log_unit = log_w[n] if kind == "jobs" else log_price
        pay = float(mask @ (b.gamma_v[:, n] * state.Y[:, n]))
        return float(100 * (pay / _pay(b, n, mask) * np.exp(-log_unit) - 1))

    def cotangents(self, x: Array, state: core.State) -> Cotangents:
        """Its partial derivatives, for `surtax.model.adjoint`."""
        b = self.base
        w, R, income = (np.zeros_like(b.V) for _ in range(3))
        P, Y = np.zeros_like(b.E), np.zeros_like(b.E)
        for kind, weight, n, mask in self.rows:
            if kind == "revenue":
                R[n] += weight * 100 / b.I[n]
                continue
            level = weight * (100 + self._read(kind, n, mask, x, state))
            if kind != "jobs":
                P[:, n] -= level * b.alpha[:, n]
            if kind == "income":
                income[n] += level / state.I[n]
            elif kind == "wages" and mask.all():
                w[n] += level
            else:
                pay = mask * b.gamma_v[:, n]
                Y[:, n] += level * pay / float(pay @ state.Y[:, n])
                if kind == "jobs":
                    w[n] -= level
        return Cotangents(log_w=w, log_P=P, Y=Y, R=R, I=income)


def _pay(base: Base, n: int, mask: Array) -> float:
    return float(mask @ (base.gamma_v[:, n] * base.Y[:, n]))


def bind(objective: Objective, world: World, base: Base, player: str) -> Bound:
    """Find an objective's countries and sectors in a world.

    Raises
    ------
    InputError
        an unknown country or sector; sectors that the country does not have.
    """
    n = world.country(player)
    rows = []
    for term in objective.terms:
        who = world.country(term.country) if term.country else n
        mask = np.ones(len(world.sectors))
        if term.sectors:
            mask = np.zeros(len(world.sectors))
            for code in term.sectors:
                mask[world.sector(code)] = 1.0
            if not _pay(base, who, mask) > 0:
                raise InputError(
                    f"objective {objective}: {world.countries[who]} has no {', '.join(term.sectors)}: nothing there "
                    f"can change."
                )
        rows.append((term.kind, term.weight, who, mask))
    return Bound(objective, n, base, tuple(rows))
