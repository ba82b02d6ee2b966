"""The golden cases put to the engine: which measures a tag means, and where answer and case differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from surtax.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from surtax.law import Answer, Law

CASES = Path(__file__).parent / "cases"
PENDING = CASES / "pending.yaml"
NEAR = 1e-6
"""Per cent of customs value."""

TAGS: dict[str, Sequence[Sequence[str]]] = {
    "ieepa-canada": [["us-ieepa-can", "us-ieepa-can-*", "us-ieepa-canada*"]],
    "ieepa-mexico": [["us-ieepa-mex*"]],
    "ieepa-china": [["us-ieepa-chn*", "us-ieepa-china*", "us-ieepa-fentanyl*"]],
    "ieepa-reciprocal": [["us-ieepa-reciprocal*", "us-reciprocal*"]],
    "ieepa-brazil": [["us-ieepa-bra*"]],
    "ieepa-india": [["us-ieepa-ind*"]],
    "s232-steel": [["us-s232-steel*"]],
    "s232-aluminum": [["us-s232-alumin*"]],
    "s232-metals-2026": [["us-s232-metals*"]],
    "s232-copper": [["us-s232-copper*"]],
    "s232-autos": [["us-s232-autos*"]],
    "s232-auto-parts": [["us-s232-auto-parts*"], ["us-s232-autos*"]],
    "s232-trucks": [["us-s232-trucks", "us-s232-mhdv*"], ["us-s232-trucks*"]],
    "s232-mhd-parts": [["us-s232-mhd-parts*", "us-s232-truck-parts*", "us-s232-trucks-parts*"], ["us-s232-trucks*"]],
    "s232-buses": [["us-s232-bus*"], ["us-s232-trucks*"]],
    "s232-lumber": [["us-s232-lumber*", "us-s232-wood*", "us-s232-timber*", "us-s232-furniture*"]],
    "s301": [["us-s301*"]],
    "s122": [["us-s122*"]],
    "s338": [["us-s338*"]],
}
"""Patterns of measure ids by tag; of several lists the first that any measure answers to."""


@dataclass(frozen=True)
class Case:
    """One golden case."""

    file: str
    data: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.data["id"])


def load() -> list[Case]:
    """Read every case."""
    return [
        Case(path.stem, data)
        for path in sorted(CASES.glob("*.yaml"))
        if path != PENDING
        for data in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def pending() -> dict[str, str]:
    """Return the cases that the law does not satisfy yet, each with the reason."""
    if not PENDING.is_file():
        return {}
    return yaml.safe_load(PENDING.read_text(encoding="utf-8")) or {}


def ids_of(law: Law, tag: str) -> frozenset[str]:
    """Return the measures that a tag means; none where nothing of that name is built."""
    if tag == "mfn":
        return frozenset(m.id for m in law.measures.values() if m.kind in ("mfn", "preference"))
    for patterns in TAGS.get(tag, [[tag]]):
        found = frozenset(i for i in law.measures if any(fnmatchcase(i, p) for p in patterns))
        if found:
            return found
    return frozenset()


def ask(law: Law, line: dict[str, Any]) -> Answer:
    """Put the line of a case to the engine."""
    about: dict[str, Any] = {
        k: line[k]
        for k in ("importer", "origin", "on", "preference", "value", "us_content", "metal_content", "ca_mx_content")
        if line.get(k) is not None
    }
    if line.get("quantity") is not None:
        # tariffs abbreviate some units: pr. and pr are one
        about["quantity"] = dict.fromkeys((line["unit"], f"{line['unit']}."), line["quantity"])
    return law.duty(line["product"], **about)


def differences(law: Law, case: Case) -> list[str]:
    """Return where the engine's answer is not what the case expects, in words."""
    line, expect = case.data["line"], case.data["expect"]
    statuses = expect["status"] if isinstance(expect["status"], list) else [expect["status"]]
    try:
        answer = ask(law, line)
    except InputError as error:
        return [] if "refused" in statuses else [f"expected {' or '.join(statuses)}, got an error: {error}"]
    found = []
    if answer.status not in statuses:
        found.append(f"expected {' or '.join(statuses)}, got {answer.status}: {answer.reason or answer.total_rate}")
    if answer.status == "refused" or statuses == ["refused"]:
        return found
    return [*found, *_totals(answer, expect), *_measures(law, answer, expect)]


def _totals(answer: Answer, expect: dict[str, Any]) -> Iterable[str]:
    if "total_rate" in expect and not _near(answer.total_rate, expect["total_rate"]):
        yield f"total_rate: expected {expect['total_rate']:g}, got {answer.total_rate}"
    for key in ("bounds", "total_range"):
        if key in expect and not (
            answer.bounds is not None and all(_near(a, b) for a, b in zip(answer.bounds, expect[key], strict=True))
        ):
            yield f"{key}: expected {expect[key]}, got {answer.bounds}"
    value = answer.line.value
    if value and answer.total_rate is not None and not _near(answer.total_amount, answer.total_rate * value / 100):
        yield f"total_amount: {answer.total_amount} is not {answer.total_rate} % of {value}"


def _measures(law: Law, answer: Answer, expect: dict[str, Any]) -> Iterable[str]:
    got = {f.id: f for f in answer.measures}
    wanted: dict[frozenset[str], list[tuple[str, dict[str, Any]]]] = {}
    for tag, measure in expect.get("measures", {}).items():
        ids = ids_of(law, tag)
        if not ids:
            yield f"{tag}: no measure of the law answers to this tag"
            continue
        wanted.setdefault(ids, []).append((tag, measure))
    for ids, tags in wanted.items():
        rate = sum(float(m.get("effective_rate", 0.0)) for _, m in tags)
        found = [got[i] for i in ids if i in got]
        sums = [f.effective_rate for f in found if f.applies]
        names = " + ".join(tag for tag, _ in tags)
        if None in sums or not _near(sum(s or 0.0 for s in sums), rate):
            yield f"{names}: expected {rate:g}, got {' + '.join(f'{f.id} {f.effective_rate}' for f in found)}"
        if all(m.get("applies") is False for _, m in tags) and any(f.applies and f.effective_rate for f in found):
            yield f"{names}: expected not to apply"
    if not expect.get("partial"):
        listed = frozenset().union(*wanted)
        for f in answer.applied:
            if f.id not in listed and (f.effective_rate is None or not _near(f.effective_rate, 0.0)):
                yield f"{f.id}: expected nothing, got {f.effective_rate}"


def _near(got: float | None, wanted: float) -> bool:
    return got is not None and math.isclose(got, wanted, rel_tol=0, abs_tol=NEAR)
