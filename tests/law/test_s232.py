"""Section 232 on all origins: the golden cases, the lists against the notes, boundaries, refusals."""

from __future__ import annotations

import csv
import os
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import surtax.law
from surtax.law import codes
from surtax.law.grid import Lines

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


def rate(answer: Answer, name: str) -> float | None:
    assert answer.status != "refused" or found(answer, name).applies is not None, answer.reason
    return found(answer, name).effective_rate


STEEL, SHEET, EXCAVATOR, CAR, PART = "7208.10.15.00", "7606.12.30.45", "8429.52.10", "8703.23.01", "8708.30.50"


@pytest.mark.parametrize(
    ("origin", "steel", "aluminum"),
    [
        ("CHN", 25, 10),
        ("RUS", 25, 200),
        ("CAN", 0, 0),
        ("MEX", 0, 0),
        ("AUS", 0, 0),
        ("BRA", 0, 10),
        ("KOR", 0, 10),
        ("ARG", 0, 0),
    ],
)
def test_until_11_march_2025_the_exceptions_of_2018_to_2024_hold(
    full: Law, origin: str, steel: float, aluminum: float
) -> None:
    for on in ("2025-01-01", "2025-03-11"):
        assert rate(ask(full, STEEL, origin, on), "us-s232-steel") == steel
        assert rate(ask(full, SHEET, origin, on), "us-s232-aluminum") == aluminum
    assert rate(ask(full, STEEL, origin, "2025-03-12"), "us-s232-steel") in (0, 25)  # 0: displaced by IEEPA
    claimed = "usmca" if origin in ("CAN", "MEX") else "none"
    assert rate(ask(full, STEEL, origin, "2025-03-12", preference=claimed), "us-s232-steel") == 25


@pytest.mark.parametrize("origin", ["DEU", "GBR", "JPN"])
def test_a_tariff_quota_is_refused_unless_its_state_is_given(full: Law, origin: str) -> None:
    asked = ask(full, STEEL, origin, "2025-02-01")
    assert asked.status == "refused"
    assert "within_steel_quota" in str(asked.reason)
    assert rate(ask(full, STEEL, origin, "2025-02-01", facts=["within_steel_quota"]), "us-s232-steel") == 0
    assert rate(ask(full, STEEL, origin, "2025-02-01", facts=["beyond_steel_quota"]), "us-s232-steel") == 25


@pytest.mark.parametrize(
    ("product", "metal", "measure", "before", "after"),
    [
        ("8431.31.00", "steel", "us-s232-steel", "2025-03-11", "2025-03-12"),
        ("8450.11.00", "steel", "us-s232-steel", "2025-06-22", "2025-06-23"),
        ("8429.52.10", "steel", "us-s232-steel", "2025-08-17", "2025-08-18"),
        ("8302.50.00", "aluminum", "us-s232-aluminum", "2025-03-11", "2025-03-12"),
        ("2203.00.00", "aluminum", "us-s232-aluminum", "2025-04-03", "2025-04-04"),
        ("8467.22.00", "aluminum", "us-s232-aluminum", "2025-08-17", "2025-08-18"),
        ("7411.10.10", "copper", "us-s232-copper", "2025-07-31", "2025-08-01"),
    ],
)
def test_each_inclusion_has_its_day(full: Law, product: str, metal: str, measure: str, before: str, after: str) -> None:
    content = {"steel": 0.0, "aluminum": 0.0, "copper": 0.0, metal: 0.5}
    assert rate(ask(full, product, "VNM", before, metal_content=content), measure) == 0
    assert (rate(ask(full, product, "VNM", after, metal_content=content), measure) or 0) > 0
    assert rate(ask(full, product, "VNM", "2026-04-06", metal_content=content), measure) == 0


def test_what_is_told_by_a_report_or_concluded_says_so(full: Law) -> None:
    asked = ask(full, "8467.22.00", "VNM", "2025-09-01", metal_content={"aluminum": 0.5})
    assert found(asked, "us-s232-aluminum").confidence == "inferred"
    asked = ask(full, "2203.00.00", "VNM", "2025-09-01", metal_content={"aluminum": 0.5})
    assert found(asked, "us-s232-aluminum").confidence == "reported"
    asked = ask(full, "8504.22.00", "VNM", "2025-09-01", metal_content={"steel": 0.5})
    assert asked.status == "refused"
    assert "not in the data" in str(asked.reason)


def test_rails_are_steel_and_no_aluminium_derivative(full: Law) -> None:
    """A public list has 7302.90.00 among the aluminium derivatives; note 19(k) has not."""
    asked = ask(full, "7302.90.10", "VNM", "2025-09-01", metal_content={"steel": 1})
    assert found(asked, "us-s232-aluminum").code == "out-of-scope"
    assert rate(asked, "us-s232-steel") == 50


def test_a_computer_is_a_vehicle_part_only_if_that_is_said(full: Law) -> None:
    laptop = "8471.30.01"
    assert found(ask(full, laptop, "VNM", "2025-06-01"), "us-s232-auto-parts").code == "exempt"
    assert rate(ask(full, laptop, "VNM", "2025-06-01", facts=["vehicle_part"]), "us-s232-auto-parts") == 25


def test_a_bumper_is_refused_until_its_metal_is_said(full: Law) -> None:
    bumper = "8708.10.30.20"
    assert ask(full, bumper, "VNM", "2025-04-01").status == "refused"
    facts = ["steel_stamping", "not_an_aluminum_stamping"]
    asked = ask(full, bumper, "VNM", "2025-04-01", facts=facts)
    assert (rate(asked, "us-s232-steel"), rate(asked, "us-s232-aluminum")) == (25, 0)
    asked = ask(full, bumper, "VNM", "2025-05-03")
    assert found(asked, "us-s232-steel").excluded_by == "us-s232-auto-parts"


@pytest.mark.parametrize(
    ("origin", "refused", "start"),
    [("DEU", "2025-08-01", "2025-09-25"), ("KOR", "2025-11-01", "2025-12-04")],
)
def test_a_floor_reported_to_reach_back_is_refused_before_its_notice(
    full: Law, origin: str, refused: str, start: str
) -> None:
    for product in (CAR, PART):
        asked = ask(full, product, origin, refused)
        assert asked.status == "refused"
        assert "reported to reach back" in str(asked.reason)
        assert ask(full, product, origin, start).total_rate == 15
        day = full.duty(product, importer="USA", origin=origin, on="2025-07-31")
        assert day.total_rate == 27.5


def test_the_united_kingdom_has_quotas_and_melting_rules_that_must_be_stated(full: Law) -> None:
    assert ask(full, CAR, "GBR", "2025-07-15").status == "refused"
    assert ask(full, CAR, "GBR", "2025-07-15", facts=["within_uk_quota"]).total_rate == 10
    assert ask(full, CAR, "GBR", "2025-07-15", facts=["beyond_uk_quota"]).total_rate == 27.5
    assert ask(full, STEEL, "GBR", "2026-05-01").status == "refused"
    assert ask(full, STEEL, "GBR", "2026-05-01", facts=["uk_metal"]).total_rate == 25
    assert ask(full, STEEL, "GBR", "2026-05-01", facts=["other_metal"]).total_rate == 50


@pytest.mark.parametrize(("us_content", "expected"), [(0.0, 25), (0.2, 20), (0.4, 15), (0.9, 15)])
def test_annex_i_c_of_usmca_goods_pays_on_the_rest_and_not_below_15(
    full: Law, us_content: float, expected: float
) -> None:
    asked = ask(full, EXCAVATOR, "CAN", "2026-06-08", preference="usmca", us_content=us_content)
    assert asked.status == "refused"
    assert "Annex I-C" in str(asked.reason)
    known = ask(full, EXCAVATOR, "CAN", "2026-06-08", preference="usmca", us_content=us_content, facts=["annex_i_c"])
    assert rate(known, "us-s232-metals-2026") == expected


def test_annex_i_c_of_others(full: Law) -> None:
    known = {"on": "2026-06-08", "facts": ["annex_i_c"]}
    assert rate(ask(full, EXCAVATOR, "JPN", **known), "us-s232-metals-2026") == 15
    assert rate(ask(full, EXCAVATOR, "CHN", **known), "us-s232-metals-2026") == 25
    known["facts"] = ["annexes_as_in_april"]
    assert rate(ask(full, EXCAVATOR, "JPN", **known), "us-s232-metals-2026") == 25
    known["facts"] = ["annex_i_c", "us_metal"]
    assert rate(ask(full, EXCAVATOR, "CHN", **known), "us-s232-metals-2026") == 10


def test_little_metal_frees_goods_outside_the_metal_chapters_only(full: Law) -> None:
    facts = ["little_metal"]
    assert rate(ask(full, EXCAVATOR, "JPN", "2026-05-01", facts=facts), "us-s232-metals-2026") == 0
    assert rate(ask(full, STEEL, "JPN", "2026-05-01", facts=facts), "us-s232-metals-2026") == 50
    asked = ask(full, EXCAVATOR, "JPN", "2026-05-01")
    assert any("15 per cent" in text for text in asked.assumptions)


def test_russian_aluminium_pays_200_throughout(full: Law) -> None:
    for on in ("2025-01-01", "2025-03-12", "2025-06-04"):
        assert rate(ask(full, SHEET, "RUS", on), "us-s232-aluminum") == 200
        assert rate(ask(full, SHEET, "TUR", on, facts=["russian_aluminum"]), "us-s232-aluminum") == 200
    for on in ("2026-04-06", "2026-08-18"):
        assert rate(ask(full, SHEET, "RUS", on), "us-s232-metals-2026") == 200


def test_an_approved_onshoring_plan_halves_primary_aluminium(full: Law) -> None:
    name, facts = "us-s232-metals-2026", ["onshoring_plan"]
    assert rate(ask(full, "7601.10.60", "ISL", "2026-07-19", facts=facts), name) == 50
    assert rate(ask(full, "7601.10.60", "ISL", "2026-07-20", facts=facts), name) == 25
    assert rate(ask(full, SHEET, "ISL", "2026-07-20", facts=facts), name) == 50


def test_one_vehicle_is_not_of_both_kinds(full: Law) -> None:
    both = "8704.60.00"
    asked = ask(full, both, "VNM", "2025-11-05")
    assert found(asked, "us-s232-trucks").excluded_by == "us-s232-autos"
    truck = ask(full, both, "VNM", "2025-11-05", facts=["not_passenger_vehicle"])
    assert (rate(truck, "us-s232-autos"), rate(truck, "us-s232-trucks")) == (0, 25)
    part = ask(full, PART, "VNM", "2025-11-05", facts=["not_vehicle_part"])
    assert (rate(part, "us-s232-auto-parts"), rate(part, "us-s232-mhd-parts")) == (0, 25)


def test_goods_certified_for_vehicles_pay_as_parts_and_nothing_else(full: Law) -> None:
    hose = "4009.31.00.00"
    assert found(ask(full, hose, "VNM", "2025-11-05"), "us-s232-certified-parts").code == "exempt"
    asked = ask(full, hose, "VNM", "2025-11-05", facts=["certified_for_vehicles"])
    assert found(asked, "us-s232-certified-parts").effective_rate == 25
    usmca = ask(full, hose, "CAN", "2025-11-05", preference="usmca", facts=["certified_for_vehicles"])
    assert rate(usmca, "us-s232-certified-parts") == 0


def test_an_offset_is_a_bound(full: Law) -> None:
    asked = ask(full, PART, "VNM", "2025-11-05")
    assert asked.bounds is not None
    low, high = asked.bounds
    assert high - low == 25
    assert ask(full, PART, "VNM", "2025-11-05", facts=["offset_authorised"]).total_rate == low


def test_a_chip_pays_only_within_the_parameters(full: Law) -> None:
    board = "8473.30.11.80"
    name = "us-s232-semiconductors"
    assert rate(ask(full, board, "VNM", "2026-01-14", facts=["semiconductor_parameters"]), name) == 0
    assert rate(ask(full, board, "VNM", "2026-01-15"), name) == 0
    assert rate(ask(full, board, "VNM", "2026-01-15", facts=["semiconductor_parameters"]), name) == 25
    facts = ["semiconductor_parameters", "excepted_semiconductor_use"]
    assert rate(ask(full, board, "VNM", "2026-01-15", facts=facts), name) == 0


def test_wood_and_its_caps(full: Law) -> None:
    sofa = "9401.61.60.11"
    rates = {"GBR": 10, "JPN": 15, "DEU": 15, "VNM": 25}
    for origin, expected in rates.items():
        assert rate(ask(full, sofa, origin, "2025-10-14"), "us-s232-wood") == expected
        assert rate(ask(full, sofa, origin, "2025-10-13"), "us-s232-wood") == 0
    assert ask(full, sofa, "KOR", "2025-11-20").status == "refused"
    assert rate(ask(full, sofa, "KOR", "2025-12-04"), "us-s232-wood") == 15
    assert rate(ask(full, sofa, "TWN", "2026-05-01"), "us-s232-wood") == 15
    cabinet = "9403.40.90.60"
    assert rate(ask(full, cabinet, "VNM", "2026-01-05", facts=["not_a_cabinet"]), "us-s232-wood") == 0


def listed(name: str) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    with (USA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            groups.setdefault(row["group"], set()).add(codes.digits(row["code"]))
    return groups


def test_counts_of_the_lists() -> None:
    metals = listed("us-s232-metals-2026")
    assert {g: len(c) for g, c in metals.items() if g.startswith("list-")} == {
        "list-i": 9,
        "list-ii": 17,
        "list-iii": 39,
        "list-iv": 139,
        "list-v": 76,
        "list-vi": 105,
        "list-vii": 301,
        "list-viii": 4,
        "list-ix": 13,
        "list-x": 35,
    }
    wood = {g: len(c) for g, c in listed("us-s232-wood").items()}
    assert wood == {"softwood": 15, "upholstered": 4, "cabinets": 3}
    assert len(listed("us-s232-steel")["other"]) == 12
    assert len(listed("us-s232-copper")["copper"]) == 80
    assert len(listed("us-s232-mhd-parts")["parts"]) == 182
    assert len(listed("us-s232-trucks")["vehicles"]) == 25


def _public(name: str) -> set[str]:
    root = Path(os.environ.get("SURTAX_SOURCES") or HERE.parents[2] / "shared" / "data")
    path = root / "law" / "us" / "lists" / name
    if not path.is_file():
        pytest.skip(f"{name} is not under $SURTAX_SOURCES or ../shared/data")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row[0] for row in csv.reader(file) if row][1 if path.suffix == ".csv" else 0 :]
    return {code[:8] if len(code) == 10 and code.endswith("00") else code for code in rows}


@pytest.mark.parametrize(
    ("lists", "name"),
    [
        (("i", "ii", "iii", "iv", "v"), "metals-annex-IA.csv"),
        (("vi", "vii", "viii"), "metals-annex-IB.csv"),
        (("ix", "x"), "metals-annex-III-temporary.csv"),
    ],
)
def test_note_16_equals_the_annexes_of_proclamation_11021(lists: tuple[str, ...], name: str) -> None:
    metals = listed("us-s232-metals-2026")
    assert set().union(*(metals[f"list-{n}"] for n in lists)) == _public(name)


def test_note_33_and_38_equal_the_public_lists_of_parts() -> None:
    parts = listed("us-s232-auto-parts")
    assert parts["parts"] | parts["computers"] == _public("s232_auto_parts.txt")
    assert listed("us-s232-mhd-parts")["parts"] == _public("s232_mhd_parts.txt")


def test_what_annex_ii_removed_pays_no_metals_duty(full: Law) -> None:
    metals = listed("us-s232-metals-2026")
    kept = set().union(*(c for g, c in metals.items() if g.startswith("list-")))
    removed = _public("metals-annex-II-removed.csv")
    assert len(removed) == 165
    # one number left as a derivative of aluminium and stays as one of steel
    assert {r for r in removed if any(r.startswith(k) for k in kept)} == {"9403999020"}
    asked = ask(full, "2203.00.00", "VNM", "2026-04-06")
    assert found(asked, "us-s232-metals-2026").code == "out-of-scope"


@pytest.mark.parametrize("origin", ["GBR", "DEU", "KOR", "RUS", "MEX"])
def test_the_schedule_agrees_with_the_single_duty(full: Law, origin: str) -> None:
    pick = random.Random(11)  # noqa: S311
    pool = sorted(
        {c.ljust(10, "0")[:10] for path in USA.glob("us-s232-*.csv") for g in listed(path.stem).values() for c in g}
    )
    products = pick.sample(pool, 40)
    days = [
        "2025-01-15",
        "2025-04-20",
        "2025-07-05",
        "2025-10-20",
        "2025-12-10",
        "2026-03-01",
        "2026-05-05",
        "2026-06-10",
    ]
    table = full.schedule(
        Lines("USA", products, origin, us_content=0.3, metal_content={"steel": 0.4, "aluminum": 0.2}), days
    )
    for day in days:
        for product, total in zip(products, table.at(day), strict=True):
            one = ask(full, product, origin, day, us_content=0.3, metal_content={"steel": 0.4, "aluminum": 0.2})
            expected = float("nan") if one.total_rate is None else one.total_rate
            assert total == pytest.approx(expected, nan_ok=True), (product, day, one.reason)
