"""Counterfactual law, differences, precedence and the compiler."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import surtax.law
from surtax.errors import InputError
from surtax.law.compiler import blocks, compile_folder
from surtax.law.index import Index
from surtax.law.precedence import Precedence

if TYPE_CHECKING:
    from surtax.law import Law

DATA = Path(surtax.law.__file__).parents[1] / "data" / "law"
STEEL = {"importer": "USA", "origin": "CAN", "on": "2025-05-06"}


def rate(law: Law, code: str = "7208.39.00.30", **about: Any) -> float | None:
    return law.duty(code, **{**STEEL, **about}).total_rate


def test_the_shipped_index_is_what_the_files_compile_to() -> None:
    assert (DATA / "law.index").read_bytes() == compile_folder(DATA)


def test_edits_leave_the_old_law_alone(law: Law) -> None:
    changed = law.edit("us-ieepa-can", rate=30)
    assert (rate(law), rate(changed)) == (25, 30)
    assert rate(law.edit("us-ieepa-can", drop=True)) == 25  # the metal duty comes to the fore
    assert rate(law.edit("us-ieepa-can", drop=True).edit("us-s232-steel", drop=True)) == 0
    assert rate(law.edit("us-ieepa-can", delay=120)) == 25
    assert rate(law.edit("us-ieepa-can", end="2025-05-01").edit("us-s232-steel", rate=10)) == 10
    assert rate(law) == 25


def test_edit_scope_and_exemptions(law: Law) -> None:
    without = law.edit("us-ieepa-can", remove_products=["7208"])
    found = {f.id: f.code for f in without.duty("7208.39.00.30", **STEEL).measures}
    assert found["us-ieepa-can"] == "out-of-scope"
    wider = law.edit("us-s232-steel", add_products=["0101"], group="chapter-72")
    assert rate(wider, "0101.21.00", preference="usmca") == 25
    exempt = {"id": "horses", "reason": "a test", "products": ["0101"]}
    assert rate(law.edit("us-ieepa-can", add_exemption=exempt), "0101.21.00") == 0
    assert rate(law.edit("us-ieepa-can", drop_exemption="usmca"), preference="usmca") == 25
    with pytest.raises(InputError, match="no exemption"):
        law.edit("us-ieepa-can", drop_exemption="mexico")
    with pytest.raises(InputError, match="us-ieepa-can"):
        law.edit("us-ieepa-ca", drop=True)


def test_added_measure(law: Law) -> None:
    data = {
        "schema": "surtax-measure-1",
        "id": "us-test",
        "title": "A test",
        "kind": "additional_duty",
        "instrument": "none",
        "citation": [{"text": "none"}],
        "levied_by": "USA",
        "on_origins": {"all_except": []},
        "products": {"all": {"include": ["*"]}},
        "rates": [{"from": "2025-01-01", "ad_valorem": 5}],
        "provenance": {"sources": ["this test"]},
    }
    assert rate(law.edit(add=data)) == 30
    with pytest.raises(InputError, match="exists"):
        law.edit(add=data).edit(add=data)
    with pytest.raises(InputError, match="not valid"):
        law.edit(add={**data, "rates": [{"from": "2025-01-01"}]})
    circle = {
        **data,
        "precedence": [
            {"relation": "excludes", "measures": ["us-ieepa-can"], "from": "2025-03-04"},
            {"relation": "yields_to", "measures": ["us-s232-steel"], "from": "2025-03-04"},
        ],
    }
    with pytest.raises(InputError, match="circle"):
        law.edit(add=circle)


def test_diff_says_what_changed(law: Law) -> None:
    changes = law.diff("2025-06-03", "2025-06-04")
    assert {c.measure for c in changes} >= {"us-ieepa-can", "us-s232-steel", "us-s232-aluminum"}
    assert any("yields to us-s232-steel" in c.text for c in changes)
    assert not law.diff("2025-05-06", "2025-05-07")


def test_precedence_does_not_depend_on_the_order_of_files(law: Law) -> None:
    measures = [m for m in law.measures.values() if m.levied_by == "USA"]
    first = [m.id for m in Precedence(measures).on(739000)[0]]
    for seed in range(5):
        random.Random(seed).shuffle(measures)  # noqa: S311
        assert [m.id for m in Precedence(measures).on(739000)[0]] == first


def test_ranges_become_few_prefixes() -> None:
    assert blocks("7206.10-7216.50")[0] == "72061"
    assert len(blocks("7206.10-7216.50")) < 30
    codes = {str(c) for c in range(720610, 721651)}
    covered = {c for c in (str(c) for c in range(720000, 730000)) if c.startswith(tuple(blocks("7206.10-7216.50")))}
    assert covered == codes
    assert blocks("*") == [""]


def test_damage_to_the_index_is_noticed() -> None:
    data = bytearray((DATA / "law.index").read_bytes())
    data[-9] ^= 1
    with pytest.raises(InputError, match="damaged"):
        Index(bytes(data))
    with pytest.raises(InputError, match="not a law index"):
        Index(b"nothing")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("kind: additional_duty", "kind: tax", "kind"),
        ("ad_valorem: 40", "ad_valorem: -1", "ad_valorem"),
        (
            "to: 2026-02-24, signed: 2025-07-31, end_signed: 2026-02-20, when",
            "to: 2025-07-01, when",
            "ends",
        ),
        ("id: us-ieepa-can", "id: us-other", "differs"),
        ("groups: [energy]", "groups: [oil]", "oil"),
        ("facts: [transshipped]", "facts: [smuggled]", "smuggled"),
        ("us-ieepa-can.csv, list_group: energy", "nowhere.csv, list_group: energy", "nowhere"),
        ("measures: [us-s232-steel, us-s232-aluminum]", "measures: [us-nothing]", "us-nothing"),
        ("levied_by: USA", "levied_by: CAN", "levied_by"),
        ("title: Duties", "titel: Duties", "titel"),
    ],
)
def test_faults_in_a_folder_are_named(tmp_path: Path, old: str, new: str, word: str) -> None:
    folder = tmp_path / "law"
    shutil.copytree(DATA, folder)
    path = folder / "USA" / "us-ieepa-can.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=word) as caught:
        surtax.law.load(folder)
    assert "us-ieepa-can" in str(caught.value)
