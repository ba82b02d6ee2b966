"""`General`: the core with options, as a model that `surtax.solve` takes.

    sx.solve(world, scenario, model=General(mobility=1))            # specific factors
    sx.solve(world, scenario, model=General(horizon="short"))       # these, and short-run trade elasticities
    sx.solve(world, scenario, model=General(end_use=True, nest=2))  # options combine

With everything off it is the core, by another kernel (tests hold them to 1e-11).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, nearest
from surtax.inputs import floats, number
from surtax.model import core
from surtax.model.general import Rules

if TYPE_CHECKING:
    from surtax.model.outcome import Outcome
    from surtax.model.registry import Task
    from surtax.world import World

Array = NDArray[np.float64]

#: Short-run over long-run trade elasticity: 0.76 in the year after a tariff change, 1.75 to 2.25 after seven to ten
#: years, 2 in the middle. Boehm, Levchenko & Pandalai-Nayar (2023), AER 113(4), abstract.
SHORT_OVER_LONG = 0.76 / 2.0
#: Mobility of the preset `roy-frechet`: 1/μ = 1/2, half-way between specific factors and free mobility. A setting,
#: not an estimate.
HALFWAY = 2.0
HORIZONS = ("long", "short")
ANCHORS = ("world", "own")
# θψ = 1 by formula (Krugman) may miss one by rounding.
EDGE = 1e-9


@dataclass(frozen=True)
class General:
    """The core with options; each is off by default, and they combine.

    Attributes
    ----------
    mobility : μ ≥ 1 of workers between sectors (Roy–Fréchet): 1 is specific factors, infinity free mobility. None is
        what the horizon says: infinity in the long run, 1 in the short run.
    horizon : "long", or "short": trade elasticities times `SHORT_OVER_LONG`, and specific factors unless `mobility`
        says otherwise.
    end_use : inputs and final demand buy from their own origins; needs a world that knows which flows are final.
    scale : ψ, how far unit costs fall with a sector's size: a number, [s], {sector: ψ} (others 0), "krugman" (1/θ) or
        "half-krugman"; None is constant returns. θψ ≤ 1 in every sector.
    nest : η, the elasticity between home and foreign goods, θ holding among foreign origins: a number, [s],
        {sector: η} (others θ), or "half" (θ/2); None is no nest.
    rigidity : δ in (0, 1]: wages do not fall below δ of the base; employment falls instead. None is off.
    anchor : in what wages may not fall: "world" (units of world factor income: fixed exchange rates, steady nominal
        income in the world) or "own" (units of the country's own labour earnings: floating exchange rates and a
        central bank that keeps nominal earnings steady; sectors' wages then differ, so μ has to be finite).
    label : what results call the model; empty is a text made of the options.

    Raises
    ------
    InputError
        a value outside its range; what needs the world (sectors, θψ) is said when it is solved.
    """

    mobility: float | None = None
    horizon: str = "long"
    end_use: bool = False
    scale: Any = None
    nest: Any = None
    rigidity: float | None = None
    anchor: str = "world"
    label: str = ""

    def __post_init__(self) -> None:
        _among("horizon", self.horizon, HORIZONS)
        _among("anchor", self.anchor, ANCHORS)
        if self.mobility is not None and not number("mobility", self.mobility) >= 1:
            raise InputError(
                f"mobility is {self.mobility:g}: μ is 1 (specific factors) or more, up to infinity (free mobility); "
                f"below 1 mean earnings would be infinite."
            )
        if self.rigidity is not None:
            if not 0 < number("rigidity", self.rigidity) <= 1:
                raise InputError(
                    f"rigidity is {self.rigidity:g}: δ is the part of its base below which a wage does not fall, above "
                    f"0 and at most 1."
                )
            if self.anchor == "own" and math.isinf(self.mu):
                raise InputError(
                    "rigidity with anchor='own' never binds where workers move freely: all wages of a country are then "
                    "its earnings per worker. Give mobility=1 (or another finite μ), or anchor='world'."
                )
        for name, words in (("scale", ("krugman", "half-krugman")), ("nest", ("half",))):
            given = getattr(self, name)
            if isinstance(given, str):
                _among(name, given, words)

    @property
    def mu(self) -> float:
        """μ, after what the horizon says."""
        if self.mobility is not None:
            return float(self.mobility)
        return 1.0 if self.horizon == "short" else math.inf

    @property
    def closures(self) -> tuple[str, ...]:
        """All of the core's."""
        return core.CLOSURES

    @property
    def name(self) -> str:
        """What results say they come from."""
        return self.label or "general"

    def theta(self, world: World) -> Array:
        """θ [s] that the model solves with: the world's, times `SHORT_OVER_LONG` in the short run."""
        return world.elasticity * (SHORT_OVER_LONG if self.horizon == "short" else 1.0)

    def rules(self, world: World, theta: Array) -> Rules:
        """The options as numbers for a world's sectors and its elasticities θ [s].

        Raises
        ------
        InputError
            an unknown sector, a value out of range, or θψ > 1.
        """
        psi = np.zeros(theta.size)
        if isinstance(self.scale, str):
            psi = (1.0 if self.scale == "krugman" else 0.5) / theta
        elif self.scale is not None:
            psi = by_sector("scale", self.scale, world, psi)
        eta = None
        if isinstance(self.nest, str):
            eta = theta / 2
        elif self.nest is not None:
            eta = by_sector("nest", self.nest, world, theta)
        _in_range("scale", psi, psi >= 0, "ψ is zero or more", world)
        if eta is not None:
            _in_range("nest", eta, eta > 0, "η is above zero", world)
        product = psi * (theta if eta is None else np.maximum(theta, eta))
        if (product > 1 + EDGE).any():
            s = int(np.argmax(product))
            raise InputError(
                f"scale: in {world.sectors[s]} the trade elasticity times ψ is {product[s]:.4g}. Above 1 a sector may "
                f"grow for no reason but its size: equilibria are several, some with whole sectors gone, and none is "
                f"the answer. Give ψ ≤ {psi[s] / product[s]:.4g} there, or smaller trade elasticities."
            )
        return Rules(
            stickiness=1 / self.mu,
            psi=psi,
            eta=eta,
            log_floor=None if self.rigidity is None else math.log(self.rigidity),
            own_anchor=self.anchor == "own",
        )

    def about(self) -> str:
        """The model in one line, for whoever reads a result."""
        parts = ["multi-sector, with input–output links"]
        mu = self.mu
        parts.append(
            "factors move freely between a country's sectors" if math.isinf(mu)
            else "factors specific to sectors (μ = 1)" if mu == 1
            else f"workers move between sectors with mobility μ = {mu:g} (Roy–Fréchet)"
        )  # fmt: skip
        if self.horizon == "short":
            parts.append(f"short-run trade elasticities ({SHORT_OVER_LONG:.2g} of the long run's)")
        if self.end_use:
            parts.append("inputs and final demand buy from their own origins")
        parts.append(
            "constant returns" if self.scale is None
            else f"external economies of scale (ψ: {_told(self.scale)})"
        )  # fmt: skip
        if self.nest is not None:
            parts.append(f"home and foreign goods in a nest (η: {_told(self.nest)})")
        if self.rigidity is not None:
            unit = "world factor income" if self.anchor == "world" else "the country's own earnings"
            parts.append(f"wages do not fall below {self.rigidity:g} of the base in units of {unit}; employment does")
        else:
            parts.append("full employment")
        return "; ".join(parts)

    def equilibrium(self, task: Task) -> Outcome:
        """Solve; see `surtax.solve`."""
        from surtax.model.solve_general import equilibrium

        return equilibrium(self, task)


def roy_frechet() -> General:
    """Workers move between sectors with μ = 2."""
    return General(mobility=HALFWAY, label="roy-frechet")


def specific_factors() -> General:
    """Factors stay in their sectors."""
    return General(mobility=1.0, label="specific-factors")


def short_run() -> General:
    """Specific factors and short-run trade elasticities."""
    return General(horizon="short", label="short-run")


def end_use() -> General:
    """Inputs and final demand buy from their own origins."""
    return General(end_use=True, label="end-use")


def scale_economies() -> General:
    """ψ = 1/(2θ): half-way between constant returns and Krugman's."""
    return General(scale="half-krugman", label="scale-economies")


def nested() -> General:
    """η = θ/2 between home and foreign."""
    return General(nest="half", label="nested")


def rigid_wages() -> General:
    """Wages do not fall in units of world factor income."""
    return General(rigidity=1.0, label="rigid-wages")


def by_sector(what: str, given: Any, world: World, default: Array) -> Array:
    """[s] of a number, a vector, or {sector: number} with `default` for those not named.

    Raises
    ------
    InputError
        an unknown sector, a wrong length, no number.
    """
    if isinstance(given, Mapping):
        values = np.array(default, dtype=float)
        for sector, value in given.items():
            values[world.sector(str(sector))] = number(f"{what} of {sector}", value)
        return values
    values = floats(what, given, "a number, one for each sector, or {sector: number}")
    if values.ndim == 0:
        values = np.full(default.size, float(values))
    if values.shape != default.shape:
        raise InputError(f"{what} has {values.size} values for {default.size} sectors.")
    return values


def _in_range(what: str, values: Array, good: NDArray[np.bool_], rule: str, world: World) -> None:
    bad = np.flatnonzero(~(good & np.isfinite(values)))
    if bad.size:
        raise InputError(f"{what} of {world.sectors[int(bad[0])]} is {values[bad[0]]:g}: {rule}.")


def _among(what: str, given: object, known: tuple[str, ...]) -> None:
    if given not in known:
        raise InputError(f"{what} is {given!r}{nearest(given, known)}: give {' or '.join(map(repr, known))}.")


def _told(given: Any) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, int | float):
        return f"{given:g}"
    return "by sector"
