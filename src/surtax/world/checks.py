"""Named accounting checks. Each one either passes its array on or raises, naming the cells and the remedy.

Tolerances: published tables are rounded, usually to 1e-6 of a cell; an identity may miss by `ROUNDING` of the
larger side before it is an error. What is negative by no more than `CLIP` of its whole is set to zero, counted and
reported; more is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surtax.errors import AccountsError, InputError, nearest
from surtax.inputs import floats

if TYPE_CHECKING:
    from surtax.world.world import Adjustment

Array = NDArray[np.float64]

ROUNDING = 1e-5
CLIP = 0.05
CLIP_FINAL = 0.2
HIGHEST_RATE = 10.0


def labels(what: str, codes: Sequence[str]) -> None:
    """Labels unique: every code once, none empty."""
    if not codes:
        raise InputError(f"{what} is empty: give at least one code.")
    seen: set[str] = set()
    twice = [c for c in codes if c in seen or seen.add(c)]  # type: ignore[func-returns-value]
    if twice:
        raise InputError(f"labels-unique: {what} repeats {', '.join(dict.fromkeys(twice))}: rename or add them up.")
    if "*" in codes:
        raise InputError(f"labels: {what} has the code '*', which means all of them: choose another code.")
    if any(not c.strip() for c in codes):
        raise InputError(
            f"labels-unique: {what} has an empty code at position {[bool(c.strip()) for c in codes].index(False) + 1}."
        )


def shape(what: str, a: NDArray[Any], expected: tuple[int, ...], axes: str) -> None:
    """Shapes: as many cells as labels, in the stated order."""
    if a.shape != expected:
        hint = ""
        if sorted(a.shape) == sorted(expected) and a.ndim == len(expected):
            hint = "; the axes seem to be in another order (numpy.transpose or numpy.moveaxis puts them right)"
        raise InputError(f"{what} has shape {a.shape}; expected {expected} = {axes}{hint}.")


def array(what: str, given: ArrayLike, expected: tuple[int, ...], axes: str, *, one_sector: bool = False) -> Array:
    """Finite numbers of the expected shape, as float64."""
    a = floats(what, given)
    if one_sector and expected[0] == 1 and a.shape == expected[1:]:
        a = a[None]
    shape(what, a, expected, axes)
    if not np.isfinite(a).all():
        bad = np.argwhere(~np.isfinite(a))
        raise InputError(
            f"finite: {what} has {len(bad)} cells that are not numbers (NaN or infinite), first at index "
            f"{tuple(int(i) for i in bad[0])}: fill them or set them to zero."
        )
    return a


def cell(index: Sequence[int], countries: Sequence[str], sectors: Sequence[str]) -> str:
    """A readable name for an index [s,o,d], [s,n] or [k,s,n] (told apart by the caller's ordering)."""
    if len(index) == 3:
        s, o, d = index
        return f"{sectors[s]} {countries[o]}→{countries[d]}"
    s, n = index
    return f"{sectors[s]} in {countries[n]}"


def not_negative(what: str, a: Array, countries: Sequence[str], sectors: Sequence[str]) -> Array:
    """Non-negativity of values."""
    if (a < 0).any():
        bad = np.argwhere(a < 0)
        worst = tuple(int(i) for i in np.unravel_index(int(np.argmin(a)), a.shape))
        raise AccountsError(
            f"non-negativity: {what} has {len(bad)} negative cells; the lowest is {a[worst]:.6g} at "
            f"{cell(worst, countries, sectors)}: correct the source, or set them to zero and say so."
        )
    return a


def rates(what: str, t: Array, countries: Sequence[str], sectors: Sequence[str], highest: float) -> None:
    """Rates are shares: above −1, and not so high that they must be per cent."""
    if (t <= -1).any():
        worst = tuple(int(i) for i in np.unravel_index(int(np.argmin(t)), t.shape))
        raise InputError(
            f"{what}: {t[worst]:.6g} at {cell(worst, countries, sectors)}: a rate of −100 % or less leaves no price."
        )
    if (t > highest).any():
        worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(t)), t.shape))
        raise InputError(
            f"{what}: {t[worst]:.6g} at {cell(worst, countries, sectors)} is {100 * t[worst]:.6g} %. Rates are shares: "
            f"25 % is 0.25. Divide by 100, or pass allow_rates_above={t[worst]:.6g} if it is meant."
        )


def number(what: str, given: Any) -> float:
    """One number, as a float."""
    try:
        return float(given)
    except (TypeError, ValueError):
        raise InputError(f"{what} is {given!r}, which is not a number.") from None


def population(given: ArrayLike, countries: Sequence[str]) -> Array:
    """Persons [n], above zero; NaN where unknown."""
    people = floats("population", given)
    shape("population", people, (len(countries),), "[country]")
    bad = np.flatnonzero(~np.isnan(people) & ~((people > 0) & np.isfinite(people)))
    if bad.size:
        n = int(bad[0])
        raise InputError(f"population of {countries[n]} is {people[n]:g}: give persons, or NaN where it is not known.")
    return people


def mask(what: str, given: ArrayLike, expected: tuple[int, ...], axes: str) -> NDArray[np.bool_]:
    """True and False (or 1 and 0) of the expected shape; anything else, such as codes, would all read as True."""
    a = np.array(given)
    if a.dtype != bool and not (a.dtype.kind in "iuf" and np.isin(a, (0, 1)).all()):
        raise InputError(f"{what} should hold True and False for {axes}; it holds {a.ravel()[:3].tolist()!r} ….")
    shape(what, a, expected, axes)
    return a.astype(bool)


def elasticity(given: ArrayLike | Mapping[str, float], sectors: Sequence[str]) -> Array:
    """θ [s] > 0 from a number, a vector or a mapping that names every sector."""
    if isinstance(given, Mapping):
        unknown = [str(k) for k in given if str(k) not in sectors]
        if unknown:
            raise InputError(f"elasticity names unknown sector {unknown[0]!r}{nearest(unknown[0], sectors)}")
        missing = [s for s in sectors if s not in given]
        if missing:
            raise InputError(f"elasticity has no value for {', '.join(missing[:5])}: give one for every sector.")
        given = [number(f"elasticity of {s}", given[s]) for s in sectors]
    theta = floats("elasticity", given, "a number, a vector of numbers or a mapping")
    if theta.ndim == 0:
        theta = np.full(len(sectors), float(theta))
    shape("elasticity", theta, (len(sectors),), "[sector]")
    bad = np.argwhere(~(np.isfinite(theta) & (theta > 0))).ravel()
    if bad.size:
        raise InputError(
            f"elasticity of {sectors[int(bad[0])]} is {theta[bad[0]]}: a trade elasticity θ = σ − 1 is a positive "
            f"number."
        )
    return theta


def costs(
    inputs: ArrayLike | None,
    value_added: ArrayLike | None,
    Y: Array,
    markup: Array,
    countries: Sequence[str],
    sectors: Sequence[str],
    inputs_as: str,
) -> tuple[Array, Array, tuple[Adjustment, ...]]:
    """Inputs + value added = output: return γ [k,s,n] and γ^V [s,n] at purchaser prices.

    `markup` [k,n] is E/ΣX, which turns inputs at basic prices into inputs at purchaser prices.
    """
    J, N = Y.shape
    if inputs_as not in ("auto", "values", "shares"):
        raise InputError(f"inputs_as={inputs_as!r}: one of 'auto', 'values', 'shares'.")
    if inputs is None:
        if value_added is not None:
            alone = array("value_added", value_added, (J, N), "[sector, country]")
            if not (_close(alone, np.ones_like(alone)) or _close(alone, Y)):
                raise AccountsError(
                    "inputs-and-value-added: value_added is given without inputs and is not all of output: "
                    "give `inputs` too, or leave value_added out for production from factors alone."
                )
        return np.zeros((J, J, N)), np.ones((J, N)), ()
    use = array("inputs", inputs, (J, J, N), "[input, buying sector, country]")
    total = use.sum(axis=0)
    va: Array | None = None if value_added is None else array("value_added", value_added, (J, N), "[sector, country]")
    active = Y > 0
    if inputs_as == "auto":
        inputs_as = _values_or_shares(total, va, Y, active)
    whole = Y if inputs_as == "values" else np.ones_like(Y)
    use, notes = _clip_inputs(use, whole, countries, sectors, "shares of cost" if inputs_as == "shares" else "values")
    if va is not None:
        gap = np.where(active, np.abs(total + va - whole) / np.where(whole > 0, whole, 1), 0)
        if gap.max() > ROUNDING:
            s, n = (int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))
            raise AccountsError(
                f"inputs-and-value-added: they should sum to {'output' if inputs_as == 'values' else 'one'}; in "
                f"{cell((s, n), countries, sectors)} inputs {total[s, n]:.6g} + value added {va[s, n]:.6g} is not "
                f"{whole[s, n]:.6g} ({int((gap > ROUNDING).sum())} cells miss). Correct one of them, or leave "
                f"value_added out to take what remains; inputs_as says whether they are values or shares."
            )
    gamma = use * (markup[:, None, :] if inputs_as == "values" else 1.0)
    gamma = np.divide(gamma, whole, out=np.zeros_like(gamma), where=active & (whole > 0))
    gamma_v = np.where(active, 1 - gamma.sum(axis=0), 1.0)
    gamma, gamma_v, more = _clip_value_added(gamma, gamma_v, active, countries, sectors)
    return gamma, gamma_v, (*notes, *more)


def _clip_inputs(
    use: Array, whole: Array, countries: Sequence[str], sectors: Sequence[str], terms: str
) -> tuple[Array, tuple[Adjustment, ...]]:
    from surtax.world.world import Adjustment

    low = use < 0
    if not low.any():
        return use, ()
    k, s, n = (int(i) for i in np.unravel_index(int(np.argmin(use)), use.shape))
    where = f"{sectors[k]} into {sectors[s]} in {countries[n]}: {use[k, s, n]:.6g}"
    if (use < -CLIP * whole[None]).any():
        raise AccountsError(
            f"non-negativity: inputs has {int(low.sum())} negative cells; the lowest is {where}: "
            f"correct the source, or set them to zero and say so."
        )
    note = Adjustment(
        f"input slightly negative: set to zero, taken from value added ({terms})",
        int(low.sum()), float(-use[low].sum()), where,
    )  # fmt: skip
    return np.where(low, 0.0, use), (note,)


def _values_or_shares(total: Array, va: Array | None, Y: Array, active: NDArray[np.bool_]) -> str:
    if va is not None:
        to_one = np.abs(total + va - 1)[active]
        to_output = (np.abs(total + va - Y) / np.where(Y > 0, Y, 1))[active]
        return "shares" if np.median(to_one) <= np.median(to_output) else "values"
    if not active.any():
        return "shares"
    could_be_shares = bool((total[active] <= 1 + ROUNDING).all())
    could_be_values = bool((total[active] <= Y[active] * (1 + ROUNDING)).all())
    if could_be_shares and could_be_values and (total[active] > 0).any():
        raise InputError(
            "inputs could be values or shares of cost: pass inputs_as='values' or inputs_as='shares', or value_added."
        )
    return "shares" if could_be_shares else "values"


def _clip_value_added(
    gamma: Array,
    gamma_v: Array,
    active: NDArray[np.bool_],
    countries: Sequence[str],
    sectors: Sequence[str],
) -> tuple[Array, Array, tuple[Adjustment, ...]]:
    from surtax.world.world import Adjustment

    low = active & (gamma_v < 0)
    gamma_v[np.abs(gamma_v) < 1e-14] = 0.0
    if not low.any():
        return gamma, gamma_v, ()
    s, n = (int(i) for i in np.unravel_index(int(np.argmin(np.where(active, gamma_v, 0))), gamma_v.shape))
    where, worst = cell((s, n), countries, sectors), float(gamma_v[s, n])
    if worst < -CLIP:
        raise AccountsError(
            f"non-negativity: value added in {where} is {100 * worst:.4g} % of cost at purchaser prices: the inputs "
            f"(with "
            f"the tariffs on them) exceed output; correct inputs or tariffs, or aggregate the sector."
        )
    lost = float(np.abs(gamma_v[low]).sum())
    gamma_v = np.where(low, 0.0, gamma_v)
    sums = gamma.sum(axis=0)
    gamma = np.where(low, gamma / np.where(sums > 0, sums, 1), gamma)
    note = Adjustment(
        "value added slightly negative: set to zero, inputs scaled to sum to one (shares of cost)",
        int(low.sum()), lost, f"{where}: {worst:.3g}",
    )  # fmt: skip
    return gamma, gamma_v, (note,)


def final_demand(
    final_shares: ArrayLike | None,
    X: Array,
    t: Array,
    E: Array,
    Y: Array,
    gamma: Array,
    gamma_v: Array,
    countries: Sequence[str],
    sectors: Sequence[str],
) -> tuple[Array, tuple[Adjustment, ...]]:
    """Sales = use: final expenditure is what inputs leave; return α [s,n] with Σ_s α = 1."""
    from surtax.world.world import Adjustment

    J, N = Y.shape
    V = (gamma_v * Y).sum(axis=0)
    D = X.sum(axis=(0, 1)) - X.sum(axis=(0, 2))
    income = V + (t * X).sum(axis=(0, 1)) + D
    if (V <= 0).any():
        n = int(np.argmin(V))
        raise AccountsError(
            f"balances: factor income (value added) of {countries[n]} is {V[n]:.6g}: a country has to produce and earn "
            f"something. Check its sales and its inputs, or aggregate it with another country."
        )
    if (income <= 0).any():
        n = int(np.argmin(income))
        raise AccountsError(
            f"balances: final expenditure (value added + tariff revenue + trade deficit) of {countries[n]} is "
            f"{income[n]:.6g}: a country has to spend something. Check its flows, its inputs and its diagonal "
            f"(domestic sales)."
        )
    if final_shares is not None:
        alpha = array("final_shares", final_shares, (J, N), "[sector, country]")
        alpha = not_negative("final_shares", alpha, countries, sectors)
        gap = np.abs(alpha.sum(axis=0) - 1)
        if gap.max() > ROUNDING:
            n = int(np.argmax(gap))
            raise AccountsError(f"final-shares: those of {countries[n]} sum to {alpha.sum(axis=0)[n]:.6g}, not to one.")
        dead = (E == 0) & (alpha > 0)
        if dead.any():
            s, n = (int(i) for i in np.argwhere(dead)[0])
            raise AccountsError(
                f"final-shares: {cell((s, n), countries, sectors)} is demanded, but nobody sells it there (no flows)."
            )
        return alpha / alpha.sum(axis=0), ()
    F = E - np.einsum("ksn,sn->kn", gamma, Y)
    F[np.abs(F) < 1e-12 * np.maximum(E, 1e-300)] = 0.0
    low = F < 0
    notes: tuple[Adjustment, ...] = ()
    if low.any():
        lost = float(-F[low].sum())
        s, n = (int(i) for i in np.unravel_index(int(np.argmin(F)), F.shape))
        where = f"{cell((s, n), countries, sectors)}: {F[s, n]:.6g}"
        share = (-np.minimum(F, 0)).sum(axis=0) / income
        if share.max() > CLIP_FINAL:
            c = int(np.argmax(share))
            raise AccountsError(
                f"sales-and-use: inputs exceed what {countries[c]} buys by {100 * share[c]:.4g} % of its final "
                f"expenditure "
                f"(worst cell {where}). Correct flows or inputs, or pass final_shares to say what final demand is."
            )
        F = np.maximum(F, 0)
        notes = (
            Adjustment(
                "final demand slightly negative (inputs exceed purchases): set to zero, shares renormalised",
                int(low.sum()), lost, where,
            ),
        )  # fmt: skip
    return F / F.sum(axis=0), notes


def part_of_flows(F: Array, X: Array, countries: Sequence[str], sectors: Sequence[str]) -> None:
    """Final flows are a part of all flows."""
    over = F - X * (1 + ROUNDING)
    if (over > 0).any():
        worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(over)), over.shape))
        raise AccountsError(
            f"final-within-flows: final demand {F[worst]:.6g} exceeds all sales {X[worst]:.6g} at "
            f"{cell(worst, countries, sectors)}: flows have to be intermediate plus final."
        )


def _close(a: Array, b: Array) -> bool:
    return bool(np.allclose(a, b, rtol=ROUNDING, atol=0))
