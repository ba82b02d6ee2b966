"""Section 232 on all origins: the golden cases, the lists against the notes, boundaries, refusals."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import surtax.law
from surtax.law import codes

if TYPE_CHECKING:
    from surtax.law import Answer, Law

HERE = Path(__file__).parent
USA = Path(surtax.law.__file__).parents[1] / "data" / "law" / "USA"
FILES = ("us-s232-metals-2025", "us-s232-metals-2026", "us-vehicles", "us-copper-lumber")
# tag of the cases -> id of the measure, where they differ
IDS = {
    "mfn": "us-mfn",
    "ieepa-canada": "us-ieepa-can",
    "ieepa-mexico": "us-ieepa-mex",
    "ieepa-china": "us-ieepa-chn",
    "s232-lumber": "us-s232-wood",
    "s301": "us-s301-chn",
}
METAL = {"s232-steel": "steel", "s232-aluminum": "aluminum", "s232-copper": "copper"}
CASES = [
    pytest.param(case, id=case["id"])
    for name in FILES
    for case in yaml.safe_load((HERE / "cases" / f"{name}.yaml").read_text(encoding="utf-8"))
]
EU = "AUT BEL BGR HRV CYP CZE DNK EST FIN FRA DEU GRC HUN IRL ITA LVA LTU LUX MLT NLD POL PRT ROU SVK SVN ESP SWE".split()
S232 = sorted(path.stem for path in USA.glob("us-s232-*.yaml"))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Law:
    """Return the law for all origins.

    Where this edition of the data has no ordinary duty (`us-mfn.yaml`), the general rates that the cases state stand in for it,
    so that rates up to 15 per cent in all can be tested.
    """
    if (USA / "us-mfn.yaml").is_file():
        return surtax.law.load()
    folder = tmp_path_factory.mktemp("law")
    shutil.copytree(USA, folder / "USA")
    place = yaml.safe_load((USA / "jurisdiction.yaml").read_text(encoding="utf-8"))
    place |= {"status": "complete", "origins": {"all_except": []}}
    place.pop("status_reason", None)
    (folder / "USA" / "jurisdiction.yaml").write_text(yaml.safe_dump(place), encoding="utf-8")
    rates: dict[str, float] = {}
    for case in (p.values[0] for p in CASES):
        line, found = case["line"], case["expect"].get("measures", {}).get("mfn", {})
        if line["importer"] == "USA":
            rates.setdefault(line["product"][:10], 0.0)
        if line["preference"] == "none":
            rates[line["product"][:10]] = found.get("effective_rate", 0.0)
    with (folder / "USA" / "us-mfn.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["code", "from", "to", "general", "special", "other"])
        for code, rate in rates.items():
            writer.writerow([code, "", "", f"{rate}%", "Free (S,KR)", "Free"])
    measure = {
        "schema": "surtax-measure-1",
        "id": "us-mfn",
        "title": "general rates of the cases",
        "kind": "mfn",
        "instrument": "HTS",
        "citation": [{"text": "HTS"}],
        "levied_by": "USA",
        "on_origins": {"all_except": []},
        "currency": "USD",
        "products": {"all": {"include": ["*"]}},
        "rates": [{"from": "2025-01-01", "table": True}],
        "table": {
            "file": "us-mfn.csv",
            "programmes": {"usmca": ["S"], "korus": ["KR"]},
            "programme_origins": {"usmca": ["CAN", "MEX"], "korus": ["KOR"]},
        },
        "provenance": {"sources": ["tests/law/cases"]},
    }
    (folder / "USA" / "us-mfn.yaml").write_text(yaml.safe_dump(measure), encoding="utf-8")
    return surtax.law.load(folder)


def ask(law: Law, product: str, origin: str, on: str, **more: Any) -> Answer:
    return law.duty(product, importer="USA", origin=origin, on=on, **more)


def found(answer: Answer, name: str) -> Any:
    return next(f for f in answer.measures if f.id == name)


def question(case: dict[str, Any]) -> dict[str, Any]:
    line = case["line"]
    tags = [t for t, m in case["expect"].get("measures", {}).items() if m.get("applies")]
    metal: Any = line["metal_content"]
    named = [METAL[t] for t in tags if t in METAL]
    if metal is not None and named:
        metal = {named[0]: metal}
    return {
        "importer": line["importer"],
        "origin": line["origin"],
        "on": line["on"].isoformat(),
        "preference": line["preference"],
        "us_content": line["us_content"],
        "metal_content": metal,
        "value": line["value"],
    }


@pytest.mark.parametrize("case", CASES)
def test_golden_case(full: Law, case: dict[str, Any]) -> None:
    expect = case["expect"]
    answer = full.duty(case["line"]["product"], **question(case))
    wanted = expect["status"] if isinstance(expect["status"], list) else [expect["status"]]
    assert answer.status in wanted, answer.reason
    if answer.status == "refused":
        return
    by_id = {f.id: f for f in answer.measures}
    missing = False
    for tag, measure in expect.get("measures", {}).items():
        name = IDS.get(tag, f"us-{tag}")
        if name not in by_id or _is_stub(full, name):
            missing = True
            continue
        assert by_id[name].effective_rate == pytest.approx(measure.get("effective_rate", 0.0)), (tag, by_id[name])
    listed = {IDS.get(tag, f"us-{tag}") for tag in expect.get("measures", {})}
    if not expect.get("partial"):
        assert not [f.id for f in answer.measures if f.applies and f.effective_rate and f.id not in listed]
    if not missing:
        assert answer.total_rate == pytest.approx(expect["total_rate"])


def _is_stub(law: Law, name: str) -> bool:
    return law.measures[name].instrument == "stub"
