"""How claims of USMCA respond to what a claim saves: a fractional logit on lines that pay an ordinary duty.

For line i (ten digits) of an origin in month t, with p the claimed share of its value and s the points of duty that a
claim saves (the law's mean over the days of the month):

    E[p_it | …] = Λ( a_chapter + b · f(s_it) + g · f̄_i ),  f(s) = log(1 + s),

f̄_i the line's mean of f over its months. This is the fractional response model for panels of Papke & Wooldridge
(2008, Journal of Econometrics 145), in logit: with the mean of the line beside it, b is identified by what changes
within lines, not by which lines have high duties. It is fitted by the Bernoulli quasi-likelihood, weighted by value
(a dollar is the unit of observation), and its standard errors allow any dependence within a heading (four digits).
Left out: lines free of ordinary duty (their claims were not recorded before July 2025), lines whose saving hangs on a
US content that nobody states, lines without a known duty, chapters 98 and 99. What customs collected is not among the
data.

Mineral fuels (chapter 27) are estimated apart from all other goods: before March 2025 a claim saved crude oil a tenth
of a per cent, and three quarters of Canada's did not claim. Everything differs between the two groups, so that this is
one model with all terms interacted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from surtax.trade.claiming import gain, is_fuel, shifted
from tools.build_data.common import DATA, no_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FORMAT = "surtax-claiming/1"
ORIGINS = ("CAN", "MEX")
#: Below so many headings errors that are clustered by heading say little; clustered by line stand beside them.
FEW_HEADINGS = 30
#: A fit of which no share is farther than this from 0 or 1 is one that runs off to infinity.
FARTHEST = 1e-6


# --- the estimator --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fit:
    """A fractional logit.

    Attributes
    ----------
    beta : (k,) coefficients.
    covariance : (k, k) clustered.
    fitted : (n,) shares.
    deviance, null_deviance : −2 × quasi-log-likelihood beyond the saturated one, weights of mean one; null: one mean.
    iterations : of Newton.
    """

    beta: Floats
    covariance: Floats
    fitted: Floats
    deviance: float
    null_deviance: float
    iterations: int


def fractional_logit(y: Floats, X: Floats, weight: Floats, cluster: NDArray[np.int64]) -> Fit:
    """Fit E[y | X] = Λ(X b) by the Bernoulli quasi-likelihood.

    Parameters
    ----------
    y : (n,) shares in [0, 1].
    X : (n, k) of full column rank.
    weight : (n,) positive, scaled to mean one.
    cluster : (n,) number of the cluster of each row, for the covariance
        A⁻¹ B A⁻¹ · G/(G − 1) · (n − 1)/(n − k).

    Raises
    ------
    SystemExit
        no convergence in 100 steps.
    """
    w = weight / weight.mean()
    n, k = X.shape
    beta = np.zeros(k)
    beta_p, loss = _at(beta, X, y, w)
    for step in range(1, 101):  # noqa: B007 - how many it took is reported
        curvature = (X * (w * beta_p * (1 - beta_p))[:, None]).T @ X
        gradient = X.T @ (w * (y - beta_p))
        move = np.linalg.solve(curvature, gradient)
        # The quasi-likelihood is concave: where a full step lowers it, a shorter one does not.
        size, ahead = 1.0, gradient @ move
        while size > 1e-6:
            p, new = _at(beta + size * move, X, y, w)
            if new <= loss:
                break
            size /= 2
        beta, beta_p, loss = beta + size * move, p, new
        # Twice what the likelihood may still gain, by its quadratic model, against thousands of rows.
        if ahead < 1e-9:
            break
    else:
        raise SystemExit("claiming: the fractional logit did not converge in 100 steps")
    p = beta_p
    if np.minimum(p, 1 - p).max() < FARTHEST:
        raise SystemExit("claiming: every fitted share is 0 or 1: the data are separated, and there is no maximum")
    groups = int(cluster.max()) + 1
    scores = np.zeros((groups, k))
    np.add.at(scores, cluster, X * (w * (y - p))[:, None])
    inverse = np.linalg.inv((X * (w * p * (1 - p))[:, None]).T @ X)
    covariance = inverse @ (scores.T @ scores) @ inverse * groups / (groups - 1) * (n - 1) / (n - k)
    null = np.full(n, float((w * y).sum() / w.sum()))
    return Fit(beta, covariance, p, _deviance(y, p, w), _deviance(y, null, w), step)


def _at(beta: Floats, X: Floats, y: Floats, w: Floats) -> tuple[Floats, float]:
    """Fitted shares, and minus the quasi-log-likelihood: log(1 + e^η) − y η."""
    eta = X @ beta
    p = 1 / (1 + np.exp(-eta))
    return p, float(w @ (np.logaddexp(0, eta) - y * eta))


def _deviance(y: Floats, p: Floats, w: Floats) -> float:
    def part(a: Floats, b: Floats) -> Floats:
        return np.where(a > 0, a * np.log(np.where(a > 0, a, 1) / np.maximum(b, 1e-300)), 0.0)

    return float(2 * (w * (part(y, p) + part(1 - y, 1 - p))).sum())


# --- the sample -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """Rows line × month.

    Attributes
    ----------
    line, month : (n,) positions.
    share, saving, value : (n,) claimed share; points; USD.
    codes : (N,) ten digits of all lines.
    months : names.
    dropped : why → rows and USD.
    """

    line: NDArray[np.int64]
    month: NDArray[np.int64]
    share: Floats
    saving: Floats
    value: Floats
    codes: NDArray[np.str_]
    months: tuple[str, ...]
    dropped: dict[str, dict[str, int]]

    def only(self, keep: NDArray[np.bool_]) -> Sample:
        """Some of the rows."""
        parts = (a[keep] for a in (self.line, self.month, self.share, self.saving, self.value))
        return Sample(*parts, self.codes, self.months, self.dropped)


def sample(origin: str) -> Sample:
    """Return the rows of an origin that enter the estimation, and why others do not."""
    import surtax.law
    from surtax.trade.joined import MFN, days_of, joined

    law = surtax.law.load()
    found = joined(law, origin)
    goods = found.goods
    everything = np.arange(goods.codes.size)
    none, full = np.zeros(everything.size), np.ones(everything.size)
    rows: list[tuple[NDArray[np.int64], ...]] = []
    dropped: dict[str, dict[str, int]] = {}
    for t, month in enumerate(goods.months):
        value, claimed = goods.value[t], goods.claimed[t]
        days = days_of(law, month)
        dutiable = np.ones(everything.size, dtype=bool)
        hangs = np.zeros(everything.size, dtype=bool)
        for day, _ in found.spans(days):
            unclaimed = found.on(day, everything, none, "low")
            dutiable &= unclaimed.by_measure.get(MFN, none) > 0
            ends = [found.on(day, everything, full, v).total for v in ("low", "high")]
            hangs |= np.abs(ends[0] - ends[1]) > 1e-9
        saving = found.saving(month)
        left = value > 0
        for why, out in (
            ("duty not known", np.isnan(saving)),
            ("free of ordinary duty on some day of the month", ~dutiable),
            ("duty with a claim hangs on US content", hangs),
        ):
            here = left & out
            entry = dropped.setdefault(why, {"rows": 0, "usd": 0})
            entry["rows"] += int(here.sum())
            entry["usd"] += int(value[here].sum())
            left &= ~out
        at = np.flatnonzero(left)
        rows.append((at, np.full(at.size, t), claimed[at] / value[at], saving[at], value[at].astype(float)))
    line, month_of, share, savings, weight = (np.concatenate(c) for c in zip(*rows, strict=True))
    return Sample(line, month_of, share, savings, weight, goods.codes, goods.months, dropped)


def design(s: Sample, f: Floats, *, month_effects: bool = False) -> tuple[Floats, tuple[str, ...]]:
    """Columns: f(s), its mean by line, months (if asked for), chapters. Chapters without variation are kept."""
    _, line = np.unique(s.line, return_inverse=True)
    mean = (np.bincount(line, f) / np.bincount(line))[line]
    names, chapter = np.unique(s.codes[s.line].astype("U2"), return_inverse=True)
    dummies = np.eye(names.size)[chapter]
    parts = [f[:, None], mean[:, None], dummies]
    if month_effects:
        present = np.unique(s.month)
        parts.append((s.month[:, None] == present[None, 1:]).astype(float))
    return np.hstack(parts), ("f", "mean f", *names)


def clusters(s: Sample, digits: int = 4) -> NDArray[np.int64]:
    """(n,) number of each row's heading, or of its code at other digits."""
    return np.unique(s.codes[s.line].astype(f"U{digits}"), return_inverse=True)[1].astype(np.int64)


def fuels(s: Sample) -> NDArray[np.bool_]:
    """(n,) rows of mineral fuels."""
    return np.asarray(is_fuel(s.codes))[s.line]


def separated(s: Sample) -> NDArray[np.bool_]:
    """(n,) rows of chapters in which all or nobody claims: a logit of theirs has no maximum."""
    _, chapter = np.unique(s.codes[s.line].astype("U2"), return_inverse=True)
    claimed, whole = np.bincount(chapter, s.share * s.value), np.bincount(chapter, s.value)
    share = claimed / whole
    return ((share < 1e-4) | (share > 1 - 1e-4))[chapter]


def estimate(s: Sample, transform: str = "log", *, month_effects: bool = False, digits: int = 4) -> Fit:
    """Fit the response on rows of one group."""
    f = gain(s.saving) if transform == "log" else s.saving
    X, _ = design(s, f, month_effects=month_effects)
    return fractional_logit(s.share, X, s.value, clusters(s, digits))


def slopes(s: Sample) -> Floats:
    """(n,) slope of each row's group, estimated on these rows."""
    out = np.zeros(s.share.size)
    for group in (fuels(s), ~fuels(s)):
        if group.any():
            part = s.only(group)
            out[group] = estimate(part.only(~separated(part))).beta[0]
    return out


# --- how it predicts ------------------------------------------------------------------------------------------------


def errors(s: Sample, slope: Mapping[bool, float], start: str, to: str) -> dict[str, float | int]:
    """Errors of the share of value that claims in month `to`, carried from `start` and moved by the response.

    Lines that were imported in both months. `aggregate` is in points of the total; `lines` is the mean absolute error
    by value, in points. `slope` is by whether a line is a fuel.
    """
    a, b = (s.month == s.months.index(m) for m in (start, to))
    first = dict(zip(s.line[a].tolist(), zip(s.share[a], s.saving[a], strict=True), strict=True))
    both = [i for i in np.flatnonzero(b) if int(s.line[i]) in first]
    p0 = np.array([first[int(s.line[i])][0] for i in both])
    s0 = np.array([first[int(s.line[i])][1] for i in both])
    share, s1, v = s.share[both], s.saving[both], s.value[both]
    own = np.where(fuels(s)[both], slope[True], slope[False])
    moved = shifted(p0, own, gain(s1) - gain(s0))

    def mean(x: Floats) -> float:
        return round(float(100 * (x @ v) / v.sum()), 3)

    return {
        "from": start, "to": to, "lines_compared": len(both), "usd": int(v.sum()),
        "recorded_share": mean(share),
        "aggregate_error_carried": mean(p0 - share), "aggregate_error_predicted": mean(moved - share),
        "line_error_carried": mean(np.abs(p0 - share)), "line_error_predicted": mean(np.abs(moved - share)),
    }  # fmt: skip


def tests(s: Sample) -> list[dict[str, Any]]:
    """The last month from the one before, and each month from January, each predicted without that month's rows."""
    months = s.months
    pairs = [(months[-2], months[-1]), *((months[0], m) for m in months[1:])]
    found = []
    for start, to in pairs:
        rest = s.only(s.month != months.index(to))
        own, fuel = slopes(rest), fuels(rest)
        slope = {True: float(own[fuel][0]), False: float(own[~fuel][0])}
        without = {"fuels": round(slope[True], 4), "other goods": round(slope[False], 4)}
        found.append({"slopes_without": without, **errors(s, slope, start, to)})
    return found


# --- the table ------------------------------------------------------------------------------------------------------


def report(origin: str) -> dict[str, Any]:
    """Estimate an origin and return what ships."""
    whole = sample(origin)
    fuel = fuels(whole)
    return {
        "groups": {"fuels": _group(whole.only(fuel)), "other goods": _group(whole.only(~fuel))},
        "months": list(whole.months),
        "dropped": whole.dropped,
        "tests": tests(whole),
    }


def _group(whole: Sample) -> dict[str, Any]:
    alone = separated(whole)
    used = whole.only(~alone)
    fit = estimate(used)
    weight = used.value / used.value.mean()
    headings = int(clusters(used).max()) + 1
    found = {
        **_slope(fit),
        "mean_slope": round(float(fit.beta[1]), 5),
        "mean_standard_error": round(float(fit.covariance[1, 1] ** 0.5), 5),
        "observations": int(used.share.size),
        "lines": int(np.unique(used.line).size),
        "headings": headings,
        "chapters": int(fit.beta.size - 2),
        "value_usd": int(used.value.sum()),
        "mean_share": round(float(weight @ used.share / weight.sum()), 4),
        "correlation_of_fitted": round(_correlation(fit.fitted, used.share, weight), 4),
        "dropped_because_all_or_nobody_in_the_chapter_claims": {
            "rows": int(alone.sum()), "usd": int(whole.value[alone].sum())
        },
        "other_specifications": {
            "linear in the saving": _slope(estimate(used, "linear")),
            "with effects of months": _slope(estimate(used, month_effects=True)),
            "not weighted by value": _slope(_unweighted(used)),
        },
    }  # fmt: skip
    if headings < FEW_HEADINGS:
        found["standard_error_by_line"] = _slope(estimate(used, digits=10))["standard_error"]
    return found


def _slope(fit: Fit) -> dict[str, float]:
    return {
        "slope": round(float(fit.beta[0]), 5),
        "standard_error": round(float(fit.covariance[0, 0] ** 0.5), 5),
        "deviance_explained": round(1 - fit.deviance / fit.null_deviance, 4),
    }


def _unweighted(s: Sample) -> Fit:
    X, _ = design(s, gain(s.saving))
    return fractional_logit(s.share, X, np.ones(s.share.size), clusters(s))


def _correlation(a: Floats, b: Floats, w: Floats) -> float:
    a, b = a - (w @ a) / w.sum(), b - (w @ b) / w.sum()
    return float((w * a) @ b / np.sqrt(((w * a) @ a) * ((w * b) @ b)))


def assemble(origins: Sequence[str] = ORIGINS) -> dict[str, Any]:
    """Return the table that ships."""
    return {
        "format": FORMAT,
        "what": "Response of claims of USMCA to the points of duty that a claim saves, by origin",
        "equation": "logit E[p] = a_chapter + slope · f + mean_slope · mean of f by line; f = log(1 + s), s points",
        "method": "fractional logit (Bernoulli quasi-likelihood) weighted by value; errors clustered by heading",
        "estimates": {origin: report(origin) for origin in origins},
        "source": "claims of usmca_claims.npz (USITC DataWeb, US Census Bureau), duties of the law that ships",
        "licence": "estimates of this project from public domain data",
        "build": "python -m tools.build_data claiming",
        "notes": [
            "Only lines that pay an ordinary duty: claims on free lines were not recorded before July 2025.",
            "Nothing is fitted to what customs collected.",
        ],
    }


def build(out: Path) -> None:
    """Write `trade/claiming.json` under `out`."""
    folder = out / "trade"
    folder.mkdir(parents=True, exist_ok=True)
    table = assemble()
    (folder / "claiming.json").write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for origin, found in table["estimates"].items():
        for name, fit in found["groups"].items():
            print(f"claiming: {origin}, {name}: {fit['slope']} ({fit['standard_error']}), {fit['observations']} rows")


def run(_sources: Path, arguments: list[str]) -> None:
    """Build into the package: reads what `claims` and `law` wrote."""
    no_options("claiming", arguments)
    build(DATA)
