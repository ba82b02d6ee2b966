"""Results of games as plain values for JSON; rates and payoffs in per cent, each with the conditions it holds under."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from surtax.games.situation import Player, Situation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from surtax.games.best_reply import Evidence, Reply
    from surtax.games.cooperate import Agreement, Cooperation
    from surtax.games.escalate import Escalation, Leaf, Perfect
    from surtax.games.frontier import Frontier, Point
    from surtax.games.nash import Nash


Numbers: TypeAlias = "Sequence[float] | NDArray[np.float64]"


def conditions(situation: Situation, residual: float) -> dict[str, Any]:
    """What a result holds under: given scenario, closure, elasticities, vintage, base, largest residual."""
    meta = situation.world.meta
    sets = meta.get("elasticities", {})
    return {
        "model": "core",
        "given": situation.scenario.name,
        "closure": situation.closure,
        "elasticities": str(sets.get("set", "given with the world") if isinstance(sets, dict) else sets),
        "world": str(meta.get("title") or meta.get("name") or "arrays"),
        "base": situation.how,
        "residual": _number(residual),
        "equilibria_solved": situation.solves,
        "gradients": situation.gradients,
    }


def _number(x: float) -> float | None:
    """A number for strict JSON: None where there is none."""
    return float(x) if np.isfinite(x) else None


def rates(player: Player, z: Numbers) -> dict[str, float]:
    """Per cent by label (of a measure: its share in force)."""
    return {label: 100 * float(x) for label, x in zip(player.instrument.labels, z, strict=True)}


def who(player: Player) -> dict[str, Any]:
    """A player: objective, instrument, bounds."""
    i = player.instrument
    return {
        "player": player.name,
        "objective": str(player.objective.objective),
        "instrument": i.kind,
        "unit": "per cent" if i.unit == "rate" else "per cent of the measure",
        "bounds": [100 * float(i.lower.min()), 100 * float(i.upper.max())],
        "unknowns": len(i.labels),
    }


def welfare(situation: Situation, values: Numbers) -> dict[str, float]:
    """Real income by country, per cent of the base."""
    return {c: float(v) for c, v in zip(situation.world.countries, values, strict=True)}


def evidence(e: Evidence) -> dict[str, Any]:
    """Why to believe a best reply."""
    return {
        "reached": list(e.reached),
        "starts": list(e.starts),
        "spread": e.spread,
        "distance": 100 * e.distance,
        "gain_left": _number(e.gain_left),
        "gain_found": _number(e.gain_found),
        "deviations": e.deviations,
        "rates_at_bounds": e.at_bounds,
        "searches_cut_short": e.cut_short,
    }


def reply(situation: Situation, r: Reply) -> dict[str, Any]:
    """A best reply."""
    return {
        "schema": "surtax-best-reply/1",
        **who(r.player),
        "finished": r.finished,
        "rates": rates(r.player, r.z),
        "rates_before": rates(r.player, r.player.instrument.in_force),
        "value": r.value,
        "value_before": r.value_before,
        "welfare": welfare(situation, r.welfare),
        "welfare_before": welfare(situation, r.welfare_before),
        "evidence": evidence(r.evidence),
        "conditions": conditions(situation, r.residual),
    }


def nash(situation: Situation, n: Nash) -> dict[str, Any]:
    """All Nash equilibria that were found."""
    return {
        "schema": "surtax-nash/1",
        "players": [who(p) for p in n.players],
        "finished": n.finished,
        "values_before": [float(v) for v in n.values_before],
        "welfare_before": welfare(situation, n.welfare_before),
        "equilibria": [
            {
                "rates": {p.name: rates(p, z) for p, z in zip(n.players, e.rates, strict=True)},
                "values": {p.name: float(v) for p, v in zip(n.players, e.values, strict=True)},
                "welfare": welfare(situation, e.welfare),
                "certificate": {
                    p.name: {"largest_gain_found": float(g), "gain_left": float(left), "deviations_tried": int(tried)}
                    for p, g, left, tried in zip(
                        n.players, e.certificate.gain, e.certificate.gain_left, e.certificate.tried, strict=True
                    )
                },
                "methods_apart": e.apart,
                "methods_met": e.met,
                "found_from": list(e.found_from),
                "residual": e.residual,
            }
            for e in n.equilibria
        ],
        "failed": [{"start": a, "why": b} for a, b in n.failed],
        "stood_when_interrupted": None
        if n.stood is None
        else {"start": n.stood[0], "rates": {p.name: rates(p, z) for p, z in zip(n.players, n.stood[1], strict=True)}},
        "conditions": conditions(situation, max((e.residual for e in n.equilibria), default=np.nan)),
    }


def frontier(situation: Situation, f: Frontier) -> dict[str, Any]:
    """Payoffs along a player's rate."""

    def point(p: Point) -> dict[str, Any]:
        return {"rate": 100 * p.rate, "others": [100 * x for x in p.others], "values": list(p.values)}

    return {
        "schema": "surtax-frontier/1",
        "players": [who(f.player), *(who(p) for p in f.others)],
        "finished": f.finished,
        "values_before": list(f.before),
        "alone": [point(p) for p in f.alone],
        "answered": [point(p) for p in f.answered],
        "optimum": {"rate": 100 * float(f.optimum.z[0]), "value": f.optimum.value, **evidence(f.optimum.evidence)},
        "optimum_if_answered": None if f.leader is None else point(f.leader),
        "conditions": conditions(situation, f.optimum.residual),
    }


def cooperation(situation: Situation, c: Cooperation) -> dict[str, Any]:
    """What an agreement could reach."""

    def agreement(a: Agreement) -> dict[str, Any]:
        return {
            "what": a.what,
            "rates": {p.name: rates(p, z) for p, z in zip(c.players, a.rates, strict=True)},
            "values": [float(v) for v in a.values],
            "gains": [float(v) for v in a.gains],
        }

    return {
        "schema": "surtax-cooperate/1",
        "players": [who(p) for p in c.players],
        "finished": c.finished,
        "threat": [float(v) for v in c.threat],
        "threat_is": c.threat_is,
        "in_force": [float(v) for v in c.in_force],
        "bargain": None if c.bargain is None else agreement(c.bargain),
        "frontier": [agreement(a) for a in c.frontier],
        "cuts_both_would_sign": [
            {
                "cuts": [{"player": p, "rate": label, "from": 100 * t} for p, label, t in cut.rates],
                "gains": list(cut.gains),
            }
            for cut in c.cuts
        ],
        "cuts_tried": c.tried,
        "conditions": conditions(situation, c.residual),
    }


def escalation(situation: Situation, e: Escalation) -> dict[str, Any]:
    """A tree solved."""
    players = e.tree.players

    def by_player(values: Numbers) -> dict[str, float]:
        return {p: float(v) for p, v in zip(players, values, strict=True)}

    def way(leaf: Leaf, values: Numbers) -> dict[str, Any]:
        return {"moves": [{"node": n, "move": m} for n, m in leaf.path], "payoffs": by_player(values)}

    def ways(p: Perfect) -> list[dict[str, Any]]:
        return [way(leaf, v) for leaf, v in zip(p.leaves, p.payoffs, strict=True)]

    # Of an interrupted run the leaves that are known; paths and matrices need all of them.
    known = [n for n in range(len(e.leaves)) if np.isfinite(e.payoffs[n]).all()]
    return {
        "schema": "surtax-escalate/1",
        "finished": e.finished,
        "tree": e.tree.name,
        "players": list(players),
        "objectives": {p: e.tree.objectives.get(p, "income") for p in players},
        "patience": {p: e.tree.patience.get(p, 1.0) for p in players},
        "until": e.tree.until.isoformat(),
        "leaves": [
            {**way(e.leaves[n], e.payoffs[n]), "at_the_end": by_player(e.final[n])} for n in known
        ],
        "leaves_in_the_tree": len(e.leaves),
        "subgame_perfect": None if e.perfect is None else ways(e.perfect),
        "history": None if e.actual not in known else way(e.leaves[e.actual], e.payoffs[e.actual]),
        "by_patience": {f"{b:g}": ways(p) for b, p in e.by_patience.items()},
        "by_political_weights": {name: ways(p) for name, p in e.by_tastes.items()},
        "matrices": [
            {
                "node": m.node, "rows": {"player": m.who, "moves": list(m.rows)},
                "columns": {"player": m.next_who, "moves": list(m.columns)},
                "payoffs": [[None if np.isnan(cell).any() else by_player(cell) for cell in row] for row in m.payoffs],
                "best_answer": m.best.tolist(),
            }
            for m in e.matrices
        ],
        "schedules_solved": e.schedules,
        "schedules_in_the_tree": e.of_schedules,
        "conditions": conditions(situation, e.residual),
    }  # fmt: skip
