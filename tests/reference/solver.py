"""A slow, plain reference solver of the core system of docs/notation (exact hat algebra).

It shares no code and no method with the product: for given wages, prices come from iterating the
price equations to machine precision, expenditure from one dense linear solve; wages come from
Newton steps on the excess demand for factors, with the exact Jacobian. Hard cases fall back on a
homotopy in the shock, on damped tatonnement and on many starting points.

Conventions, where the equations leave a choice:

- every base magnitude (Y, V, R, D, I) is computed from flows, tariffs and shares; D = imports -
  exports;
- π = 0 stays 0; where E = 0 in the base the price index stays 1 and nobody may want the good;
- where a country-sector has no output its unit cost is formula with the given γ, and matters to
  nobody;
- ``balanced``: the base is first re-solved at D = 0 with base tariffs, then the shock starts from
  there;
- where the base violates E = Σ γ Y + α I (a clipped α), it is first re-solved at its own D
  (``fixed``), so that no shock means no change. Hats are relative to the re-solved base, which the
  solution carries;
- ``multiplicative`` is refused where V + R of the base is not positive (subsidies above factor
  income): the proportion would be negative, and equilibria end in folds, not at zero income;
- τ̂ = inf bans a flow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CLOSURES = ("balanced", "fixed", "gdp-share", "multiplicative")

#: a base where E misses Σ γ Y + α I by more than this share of the largest cell is re-solved
BASE_TOLERANCE = 1e-9
#: relative excess factor demand below which wages count as found; steps go on while they help
WAGE_TOLERANCE = 1e-11


class NoReferenceEquilibrium(Exception):  # noqa: N818 - it states a fact about the world
    """No equilibrium of positive magnitudes was found; ``reason`` says which failed."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason


@dataclass(frozen=True)
class Base:
    """A base year: given arrays and what follows; s sector, o origin, d destination, k input."""

    flows: np.ndarray  # X[s, o, d], net of tariff
    tariffs: np.ndarray  # t[s, o, d], share
    theta: np.ndarray  # θ[s]
    gamma: np.ndarray  # γ[k, s, n]
    gamma_v: np.ndarray  # γV[s, n]
    alpha: np.ndarray  # α[s, n]
    E: np.ndarray  # [s, d]
    pi: np.ndarray  # π[s, o, d]
    Y: np.ndarray  # [s, o]
    V: np.ndarray  # [n]
    R: np.ndarray  # [n]
    D: np.ndarray  # [n]
    I: np.ndarray  # noqa: E741 - [n]


@dataclass(frozen=True)
class ReferenceSolution:
    """An equilibrium in changes relative to ``base``, re-solved where that was needed."""

    w_hat: np.ndarray  # [n]
    P_hat: np.ndarray  # [s, d]
    c_hat: np.ndarray  # [s, o]
    flows_new: np.ndarray  # X'[s, o, d], net of tariff
    expenditure_new: np.ndarray  # E'[s, d]
    sales_new: np.ndarray  # Y'[s, o]
    revenue_new: np.ndarray  # R'[n]
    income_new: np.ndarray  # I'[n]
    income_base: np.ndarray  # I[n]
    deficits_new: np.ndarray  # D'[n]
    deficits_base: np.ndarray  # D[n] of the base from which the hats are taken
    price_level_hat: np.ndarray  # Π P̂^α, [n]
    real_income_hat: np.ndarray  # Î / Π P̂^α, [n]
    walras: float  # largest factor-market residual over world factor income, all countries
    residual: float  # largest residual of any equation, as in equation_residuals
    base: Base
    route: str  # how wages were found: newton, homotopy, tatonnement, multistart


def base_accounts(flows, tariffs, theta, gamma, gamma_v, alpha) -> Base:
    """Everything that follows from the given arrays, by the definitions of docs/notation."""
    X, t, theta, gamma, gamma_v, alpha = (
        np.asarray(a, dtype=float) for a in (flows, tariffs, theta, gamma, gamma_v, alpha)
    )
    E = (X * (1 + t)).sum(axis=1)
    pi = np.divide(X * (1 + t), E[:, None, :], out=np.zeros_like(X), where=E[:, None, :] > 0)
    Y = X.sum(axis=2)
    V = (gamma_v * Y).sum(axis=0)
    R = (t * X).sum(axis=(0, 1))
    D = X.sum(axis=(0, 1)) - X.sum(axis=(0, 2))
    income = V + R + D
    if not (V > 0).all() or not (income > 0).all():
        raise NoReferenceEquilibrium("base", f"V = {V}, I = {income} must be positive")
    return Base(X, t, theta, gamma, gamma_v, alpha, E, pi, Y, V, R, D, income)


def base_gap(base: Base) -> float:
    """By how much the base violates E = Σ γ Y + α I, as a share of the largest expenditure cell."""
    wanted = np.einsum("ksn,sn->kn", base.gamma, base.Y) + base.alpha * base.I
    return float(np.abs(base.E - wanted).max() / base.E.max())


# --- the nested blocks: prices given wages, expenditure given both ---


def log_wedges(tariffs, new_tariffs, tau_hat) -> np.ndarray:
    """log κ̂ with κ̂ = (1 + t') / (1 + t) τ̂."""
    with np.errstate(divide="ignore"):
        return np.log((1 + new_tariffs) / (1 + tariffs)) + np.log(tau_hat)


def log_costs(base: Base, log_w, log_P) -> np.ndarray:
    """log ĉ[s, o] = γV log ŵ + Σ_k γ log P̂."""
    return base.gamma_v * log_w[None, :] + np.einsum("kso,ko->so", base.gamma, log_P)


def price_step(base: Base, log_kappa, log_w, log_P) -> tuple[np.ndarray, np.ndarray]:
    """One pass of the price equations: new log P̂[s, d], and π'[s, o, d] at the given costs."""
    traded = (base.pi > 0) & np.isfinite(log_kappa)
    log_c = log_costs(base, log_w, log_P)
    theta = base.theta[:, None, None]
    exponent = np.where(
        traded,
        np.log(base.pi, where=traded, out=np.zeros_like(base.pi))
        - theta * (log_c[:, :, None] + np.where(traded, log_kappa, 0.0)),
        -np.inf,
    )
    top = exponent.max(axis=1)
    supplied = np.isfinite(top)
    shift = np.where(supplied, top, 0.0)
    weights = np.exp(exponent - shift[:, None, :])
    total = weights.sum(axis=1)
    log_S = np.log(total, where=supplied, out=np.zeros_like(total)) + shift
    shares = weights / np.where(supplied, total, 1.0)[:, None, :]
    return np.where(supplied, -log_S / base.theta[:, None], 0.0), shares


def price_matrix(base: Base, shares) -> np.ndarray:
    """M[(s, d), (k, o)] = π'[s, o, d] γ[k, s, o]: how today's log prices move tomorrow's."""
    J, N = base.E.shape
    return np.einsum("sod,kso->sdko", shares, base.gamma).reshape(J * N, J * N)


def solve_prices(base: Base, log_kappa, log_w, start=None) -> tuple[np.ndarray, np.ndarray]:
    """Log prices and shares for given log wages, to machine precision.

    The map is a contraction (modulus: the largest share of inputs in cost). Where that is close to
    one the last digits come from Newton steps, which converge from anywhere since the map is
    monotone and concave.
    """
    log_P = np.zeros_like(base.E) if start is None else start
    for _ in range(150):
        new, shares = price_step(base, log_kappa, log_w, log_P)
        change = np.abs(new - log_P).max()
        log_P = new
        if change < 2e-15 * (1 + np.abs(log_P).max()):
            return log_P, price_step(base, log_kappa, log_w, log_P)[1]
    for _ in range(30):
        new, shares = price_step(base, log_kappa, log_w, log_P)
        M = price_matrix(base, shares)
        step = np.linalg.solve(np.eye(len(M)) - M, (new - log_P).ravel()).reshape(log_P.shape)
        log_P = log_P + step
        if np.abs(step).max() < 1e-14 * (1 + np.abs(log_P).max()):
            break
    return log_P, price_step(base, log_kappa, log_w, log_P)[1]


@dataclass(frozen=True)
class Rule:
    """A closure as I' = m (ŵV + R') + T; ``multiplicative`` has one more unknown, ζ."""

    closure: str
    D: np.ndarray  # what ``fixed`` holds; zero under ``balanced``
    d: np.ndarray  # D / V of the base
    a: np.ndarray  # I / (V + R) of the base

    @property
    def has_zeta(self) -> bool:
        return self.closure == "multiplicative"

    def terms(self, wV, zeta) -> tuple[np.ndarray, np.ndarray]:
        """m[n] and T[n] at factor incomes wV."""
        if self.has_zeta:
            return zeta * self.a, np.zeros_like(wV)
        if self.closure == "gdp-share":
            return np.ones_like(wV), self.d * wV - wV * (self.d * wV).sum() / wV.sum()
        return np.ones_like(wV), self.D

    def slope(self, wV) -> np.ndarray:
        """dT[n] / d log ŵ[j]."""
        if self.closure != "gdp-share":
            return np.zeros((len(wV), len(wV)))
        q = (self.d * wV).sum() / wV.sum()
        return np.diag((self.d - q) * wV) - np.outer(wV, (self.d - q) * wV) / wV.sum()


def closure_rule(base: Base, closure: str) -> Rule:
    if closure not in CLOSURES:
        raise ValueError(f"closure must be one of {CLOSURES}, not {closure!r}")
    if closure == "multiplicative" and (base.V + base.R <= 0).any():
        raise NoReferenceEquilibrium(
            "base", "spending proportional to an own income that is negative"
        )
    D = np.zeros_like(base.D) if closure == "balanced" else base.D
    return Rule(closure, D, base.D / base.V, base.I / (base.V + base.R))


@dataclass(frozen=True)
class State:
    """All blocks at given log wages (and ζ), and relative excess factor demand z[n]."""

    log_w: np.ndarray
    log_zeta: float
    log_P: np.ndarray
    shares: np.ndarray
    E: np.ndarray
    Y: np.ndarray
    R: np.ndarray
    I: np.ndarray  # noqa: E741
    matrix: np.ndarray
    z: np.ndarray

    @property
    def gap(self) -> float:
        return float(np.abs(self.z).max())


def evaluate(base: Base, log_kappa, t_new, rule: Rule, log_w, log_zeta=0.0, start=None) -> State:
    """Normalise wages; then prices, shares, expenditure (dense solve), income, excess demand."""
    log_w = log_w - np.log((np.exp(log_w) * base.V).sum() / base.V.sum())
    log_P, shares = solve_prices(base, log_kappa, log_w, start)
    wV = np.exp(log_w) * base.V
    m, T = rule.terms(wV, np.exp(log_zeta))
    net = shares / (1 + t_new)  # X' per unit of E'
    matrix = expenditure_matrix(base, net, t_new, m)
    J, N = base.E.shape
    E = np.linalg.solve(matrix, (base.alpha * (m * wV + T)).ravel()).reshape(J, N)
    X = net * E[:, None, :]
    Y = X.sum(axis=2)
    R = (t_new * X).sum(axis=(0, 1))
    income = m * (wV + R) + T
    z = (base.gamma_v * Y).sum(axis=0) / wV - 1
    return State(log_w, log_zeta, log_P, shares, E, Y, R, income, matrix, z)


def expenditure_matrix(base: Base, net, t_new, m) -> np.ndarray:
    """The matrix of E'[k,d] - Σ_s γ[k,s,d] Y'[s,d] - α[k,d] m[d] R'[d] in the unknowns E'[s,e]."""
    J, N = base.E.shape
    inputs = np.einsum("ksd,sde->kdse", base.gamma, net)
    revenue_rate = (t_new * net).sum(axis=1)  # R' per unit of E'[s, d]
    for d in range(N):
        inputs[:, d, :, d] += np.outer(base.alpha[:, d], m[d] * revenue_rate[:, d])
    return np.eye(J * N) - inputs.reshape(J * N, J * N)


def excess_jacobian(base: Base, t_new, rule: Rule, state: State) -> np.ndarray:
    """dz / d(log ŵ, log ζ) by implicit differentiation, [n, n or n + 1]."""
    J, N = base.E.shape
    wV = np.exp(state.log_w) * base.V
    m, _ = rule.terms(wV, np.exp(state.log_zeta))
    G = np.einsum("sod,so->sdo", state.shares, base.gamma_v).reshape(J * N, N)
    M = price_matrix(base, state.shares)
    dP = np.linalg.solve(np.eye(J * N) - M, G).reshape(J, N, N)
    dc = np.einsum("kso,koj->soj", base.gamma, dP)
    for o in range(N):
        dc[:, o, o] += base.gamma_v[:, o]
    net = state.shares / (1 + t_new)
    X = net * state.E[:, None, :]
    # flows at unchanged expenditure: d log X' = -θ (d log ĉ - d log P̂)
    pull = base.theta[:, None, None]
    dY = -pull * np.einsum("sod,soj->soj", X, dc) + pull * np.einsum("sod,sdj->soj", X, dP)
    tX = t_new * X
    theta = base.theta
    dR = -np.einsum("s,sod,soj->dj", theta, tX, dc) + np.einsum("s,sod,sdj->dj", theta, tX, dP)
    dI = m[:, None] * (np.diag(wV) + dR) + rule.slope(wV)
    if rule.has_zeta:
        dI = np.column_stack([dI, m * (wV + state.R)])
        dY = np.concatenate([dY, np.zeros((J, N, 1))], axis=2)
    columns = dI.shape[1]
    rhs = np.einsum("ksd,sdj->kdj", base.gamma, dY) + base.alpha[:, :, None] * dI[None, :, :]
    dE = np.linalg.solve(state.matrix, rhs.reshape(J * N, columns)).reshape(J, N, columns)
    dY = dY + np.einsum("sod,sdj->soj", net, dE)
    slope = np.einsum("so,soj->oj", base.gamma_v, dY) / wV[:, None]
    slope[:, :N] -= np.diag(1 + state.z)
    return slope


# --- wages ---


def newton(
    base: Base, log_kappa, t_new, rule: Rule, log_w, log_zeta=0.0, tol=WAGE_TOLERANCE, steps=60
):
    """Damped Newton on the excess factor demand; None where it does not get below ``tol``.

    One factor market is implied by the others (Walras) unless ζ is unknown; the numeraire takes
    its place.
    """
    try:
        state = evaluate(base, log_kappa, t_new, rule, log_w, log_zeta)
        # in autarky any wages clear: the first state is the answer, the Jacobian is singular
        for _ in range(steps if state.gap >= 1e-14 else 0):
            if not np.isfinite(state.z).all():
                return None
            step = newton_step(base, t_new, rule, state)
            better = line_search(base, log_kappa, t_new, rule, state, step)
            if better is None:
                break
            state = better
            if state.gap < 1e-14:
                break
    except np.linalg.LinAlgError:
        return None
    return state if state.gap < tol else None


def newton_step(base, t_new, rule, state):
    """The move of (log ŵ, log ζ) that clears factor markets to first order, at most 1.5 long."""
    N = len(base.V)
    jacobian = excess_jacobian(base, t_new, rule, state)
    numeraire = np.zeros(jacobian.shape[1])
    numeraire[:N] = np.exp(state.log_w) * base.V / base.V.sum()
    if rule.has_zeta:
        system, right = np.vstack([jacobian, numeraire]), np.append(-state.z, 0.0)
    else:
        drop = int(np.argmax(base.V))
        system, right = jacobian, -state.z.copy()
        system[drop], right[drop] = numeraire, 0.0
    try:
        step = np.linalg.solve(system, right)
    except np.linalg.LinAlgError:
        step = np.linalg.lstsq(system, right, rcond=None)[0]
    return step * min(1.0, 1.5 / max(np.abs(step).max(), 1e-300))


def line_search(base, log_kappa, t_new, rule, state, step):
    """The longest of 1, 1/2, 1/4 ... steps that lowers the norm of z and keeps incomes positive."""
    N = len(base.V)
    for halvings in range(12):
        share = 0.5**halvings
        zeta = state.log_zeta + (share * step[N] if rule.has_zeta else 0.0)
        trial = evaluate(
            base, log_kappa, t_new, rule, state.log_w + share * step[:N], zeta, state.log_P
        )
        if (state.I > 0).all() and not (trial.I > 0).all():
            continue
        if np.isfinite(trial.z).all() and np.linalg.norm(trial.z) < (
            1 - 0.01 * share
        ) * np.linalg.norm(state.z):
            return trial
    return None


def homotopy(base, log_kappa, t_new, rule, smallest=1e-3):
    """Follow the equilibrium from the base to the shock: log κ̂ and log(1 + t) in proportion."""
    if not np.isfinite(log_kappa).all():
        return None
    at, size = 0.0, 0.25
    log_w, log_zeta, slope = np.zeros_like(base.V), 0.0, np.zeros_like(base.V)
    base_D = base.D
    while at < 1:
        size = min(size, 1 - at)
        nxt = at + size
        t_here = np.exp((1 - nxt) * np.log1p(base.tariffs) + nxt * np.log1p(t_new)) - 1
        here = Rule(rule.closure, (1 - nxt) * base_D + nxt * rule.D, rule.d, rule.a)
        last = nxt >= 1
        state = newton(
            base,
            nxt * log_kappa,
            t_new if last else t_here,
            here,
            log_w + size * slope,
            log_zeta,
            tol=WAGE_TOLERANCE if last else 1e-7,
            steps=25,
        )
        if state is None:
            size /= 2
            if size < smallest:
                return None
            continue
        slope = (state.log_w - log_w) / size
        log_w, log_zeta, at = state.log_w, state.log_zeta, nxt
        size *= 2
        if last:
            return state
    return None


def solve_zeta(base, log_kappa, t_new, rule, log_w, log_P) -> float:
    """Log ζ at given wages, by bisection on world factor demand, which rises with ζ.

    Without subsidies demand goes to infinity at a finite ζ, where tariff revenue feeds spending
    without end, and is negative beyond; the root below is the one with positive incomes.
    """

    def too_high(log_zeta: float) -> bool:
        state = evaluate(base, log_kappa, t_new, rule, log_w, log_zeta, log_P)
        weights = np.exp(state.log_w) * base.V
        return not (state.I > 0).all() or (state.z * weights).sum() > 0

    low, high = -0.1, 0.1
    while too_high(low) and low > -20:
        low, high = 2 * low, low
    while not too_high(high) and high < 20:
        low, high = high, 2 * high
    for _ in range(25):
        middle = (low + high) / 2
        low, high = (low, middle) if too_high(middle) else (middle, high)
    return low


def tatonnement(base, log_kappa, t_new, rule, log_w, rounds=120):
    """Raise wages where factors are wanted, gently, then let Newton finish."""
    damping = 1 / (1 + np.median(base.theta))
    log_zeta, log_P = 0.0, None
    for _ in range(rounds):
        if rule.has_zeta:
            log_zeta = solve_zeta(base, log_kappa, t_new, rule, log_w, log_P)
        state = evaluate(base, log_kappa, t_new, rule, log_w, log_zeta, log_P)
        log_P = state.log_P
        if not np.isfinite(state.z).all():
            return None
        log_w = state.log_w + damping * np.log1p(np.clip(state.z, -0.5, 2.0))
        if state.gap < 1e-3:
            break
    return newton(base, log_kappa, t_new, rule, log_w, log_zeta)


def admissible(base: Base, state: State) -> str:
    """Nothing where the state is an equilibrium of positive magnitudes, else why it is not."""
    if not (state.I > 0).all():
        return "income"
    if (state.E[base.E > 0] <= 0).any() or (-1e-9 * state.E.max() > state.E).any():
        return "expenditure"
    unsupplied = (state.shares.sum(axis=1) == 0) & (state.E > 0)
    return "supply" if unsupplied.any() else ""


def find_wages(base: Base, log_kappa, t_new, rule: Rule, starts: int) -> tuple[State, str]:
    """Try the routes in turn; the first admissible equilibrium wins."""
    zero = np.zeros_like(base.V)
    reasons: list[str] = []
    rng = np.random.default_rng(0)

    def routes():
        yield "newton", lambda: newton(base, log_kappa, t_new, rule, zero)
        yield "homotopy", lambda: homotopy(base, log_kappa, t_new, rule)
        yield "tatonnement", lambda: tatonnement(base, log_kappa, t_new, rule, zero)
        for _ in range(starts):
            guess = rng.normal(scale=1.0, size=len(zero))
            yield "multistart", lambda guess=guess: newton(base, log_kappa, t_new, rule, guess)

    for name, route in routes():
        with np.errstate(all="ignore"):
            try:
                state = route()
            except np.linalg.LinAlgError:
                state = None
        if state is None:
            reasons.append("not found")
            continue
        reason = admissible(base, state)
        if not reason:
            return state, name
        reasons.append(reason)
    found = [r for r in reasons if r != "not found"]
    reason = found[0] if found else "not found"
    raise NoReferenceEquilibrium(reason, f"routes ended in {reasons}")


# --- the interface ---


def resolve_base(base: Base, D, starts: int = 8) -> Base:
    """The base year re-solved at transfers D[n] (numeraire units) and base tariffs."""
    rule = Rule("fixed", np.asarray(D, dtype=float), base.D / base.V, base.I / (base.V + base.R))
    state, _ = find_wages(base, np.zeros_like(base.pi), base.tariffs, rule, starts)
    flows = state.shares * state.E[:, None, :] / (1 + base.tariffs)
    return base_accounts(flows, base.tariffs, base.theta, base.gamma, base.gamma_v, base.alpha)


def equilibrium_base(
    flows, tariffs, theta, gamma, gamma_v, alpha, closure, starts: int = 8
) -> Base:
    """The base of the hats: at D = 0 if ``balanced``, at its own D if α was clipped."""
    base = base_accounts(flows, tariffs, theta, gamma, gamma_v, alpha)
    for name, total in (
        ("Σ_k γ + γV", base.gamma.sum(axis=0) + base.gamma_v),
        ("Σ_s α", base.alpha.sum(axis=0)),
    ):
        if np.abs(total - 1).max() > 1e-12:
            raise ValueError(
                f"{name} misses one by {np.abs(total - 1).max():.1e}: Walras' law would fail too"
            )
    if (base.alpha[base.E <= 0] > 0).any():
        raise ValueError("a good without suppliers is in final demand")
    target = np.zeros_like(base.D) if closure == "balanced" else base.D
    already = np.abs(base.D - target).max() <= 1e-13 * base.V.sum()
    if already and base_gap(base) <= BASE_TOLERANCE:
        return base
    return resolve_base(base, target, starts)


def solve_reference(
    flows,
    tariffs,
    theta,
    gamma,
    gamma_v,
    alpha,
    new_tariffs,
    tau_hat,
    closure="fixed",
    starts: int = 8,
) -> ReferenceSolution:
    """Solve the core system for a change of tariffs and trade costs.

    Parameters
    ----------
    flows, tariffs, new_tariffs, tau_hat : [s, o, d]
        Values net of tariff; tariffs as shares; τ̂ as a ratio (inf bans the flow).
    theta : [s]; gamma : [k, s, n]; gamma_v, alpha : [s, n]
        Elasticities; input, value-added and final shares.
    closure : str
        One of CLOSURES.
    starts : int
        Random starting points tried before giving up.

    Raises
    ------
    NoReferenceEquilibrium
        No equilibrium with positive incomes was found.
    """
    t_new, tau_hat = np.asarray(new_tariffs, dtype=float), np.asarray(tau_hat, dtype=float)
    base = equilibrium_base(flows, tariffs, theta, gamma, gamma_v, alpha, closure, starts)
    log_kappa = log_wedges(base.tariffs, t_new, tau_hat)
    rule = closure_rule(base, closure)
    state, route = find_wages(base, log_kappa, t_new, rule, starts)

    w_hat, P_hat = np.exp(state.log_w), np.exp(state.log_P)
    X = state.shares * state.E[:, None, :] / (1 + t_new)
    level = np.exp((base.alpha * state.log_P).sum(axis=0))
    residuals = equation_residuals(base, t_new, tau_hat, closure, w_hat, P_hat, state.E)
    return ReferenceSolution(
        w_hat=w_hat,
        P_hat=P_hat,
        c_hat=np.exp(log_costs(base, state.log_w, state.log_P)),
        flows_new=X,
        expenditure_new=state.E,
        sales_new=state.Y,
        revenue_new=state.R,
        income_new=state.I,
        income_base=base.I,
        deficits_new=state.I - w_hat * base.V - state.R,
        deficits_base=base.D,
        price_level_hat=level,
        real_income_hat=state.I / base.I / level,
        walras=float(np.abs(state.z * w_hat * base.V).max() / base.V.sum()),
        residual=max(residuals.values()),
        base=base,
        route=route,
    )


# --- the evaluator ---


def equation_residuals(
    base: Base, new_tariffs, tau_hat, closure, w_hat, P_hat, E_new
) -> dict[str, float]:
    """How far a claimed solution (ŵ[n], P̂[s,d], E'[s,d]) is from each equation of docs/notation.

    Written from the equations alone and used on any solver's answer. ``base`` is the base from
    which the hats are taken (``equilibrium_base`` for ``balanced`` and for clipped α). Prices:
    largest |log residual|. Values: largest residual in a country over that country's income. Also
    ``positivity``: 0, or inf where a wage, price, income or expenditure is not positive.
    """
    t, t_new = base.tariffs, np.asarray(new_tariffs, dtype=float)
    P, w = np.asarray(P_hat, dtype=float), np.asarray(w_hat, dtype=float)
    theta = base.theta[:, None, None]
    cost = w[None, :] ** base.gamma_v * np.exp(np.einsum("kso,ko->so", base.gamma, np.log(P)))
    kappa = (1 + t_new) / (1 + t) * tau_hat
    relative = cost[:, :, None] * kappa / P[:, None, :]
    shares = np.where(base.pi > 0, base.pi * np.where(base.pi > 0, relative, 1.0) ** -theta, 0.0)
    total = shares.sum(axis=1)
    bought = base.E > 0
    # Σ_o π' = 1 is the price index equation; divided by θ it is the error of log P̂
    with np.errstate(divide="ignore"):
        prices = np.abs(
            np.log(total[bought]) / np.broadcast_to(base.theta[:, None], total.shape)[bought]
        )
    X = shares * E_new[:, None, :] / (1 + t_new)
    Y, R = X.sum(axis=2), (t_new * X).sum(axis=(0, 1))
    wV = w * base.V
    if closure == "balanced":
        D = np.zeros_like(wV)
    elif closure == "fixed":
        D = base.D
    elif closure == "gdp-share":
        share = base.D / base.V
        D = share * wV - wV * (share * wV).sum() / wV.sum()
    elif closure == "multiplicative":
        spending = base.I / (base.V + base.R) * (wV + R)
        D = spending * (wV + R).sum() / spending.sum() - wV - R
    else:
        raise ValueError(closure)
    income = wV + R + D
    scale = np.maximum(np.abs(income), wV)
    wanted = np.einsum("ksn,sn->kn", base.gamma, Y) + base.alpha * income
    positive = (w > 0).all() and (P > 0).all() and (income > 0).all() and (E_new[bought] > 0).all()
    return {
        "price index": float(prices.max()),
        "price index where nothing is bought": float(np.abs(P[~bought] - 1).max(initial=0.0)),
        "expenditure": float((np.abs(E_new - wanted) / scale).max()),
        "factor market": float((np.abs((base.gamma_v * Y).sum(axis=0) - wV) / scale).max()),
        "numeraire": float(abs(wV.sum() / base.V.sum() - 1)),
        "trade balance": float((np.abs(X.sum(axis=(0, 1)) - X.sum(axis=(0, 2)) - D) / scale).max()),
        "transfers sum to zero": float(abs(D.sum()) / wV.sum()),
        "positivity": 0.0 if positive else np.inf,
    }


# --- closed form ---


def autarky_gain(base: Base) -> np.ndarray:
    """Î / P̂ of closing every border, by formula, [n]; no solver.

    Alone, a country buys only from itself: P̂_s = ĉ_s π_nn,s^(-1/θ_s) and log ĉ = γV log ŵ + γᵀ
    log P̂. As γV + Σ_k γ_k = 1, log(P̂/ŵ) = -(1 - γᵀ)⁻¹ (log π_nn / θ), whence

        ŵ / Π P̂^α = Π_s Π_k π_nn,k^(α_s a_sk / θ_k),   a = (1 - γᵀ)⁻¹

    (Arkolakis, Costinot & Rodríguez-Clare 2012; Costinot & Rodríguez-Clare 2014).
    Output shares do not enter: technologies have constant returns and one factor, so that prices
    do not depend on demand. Tariff revenue and transfers end with trade, which takes V
    / (V + R + D) of income.
    """
    J, N = base.E.shape
    result = np.empty(N)
    for n in range(N):
        here = base.E[:, n] > 0
        own = np.diagonal(base.pi, axis1=1, axis2=2)[:, n]
        if (own[here] <= 0).any():
            raise NoReferenceEquilibrium("supply", f"country {n} cannot make all that it buys")
        push = -np.log(np.where(here, own, 1.0)) / base.theta
        log_real_price = np.linalg.solve(np.eye(J) - base.gamma[:, :, n].T, push)
        result[n] = np.exp(-(base.alpha[:, n] * log_real_price).sum()) * base.V[n] / base.I[n]
    return result
