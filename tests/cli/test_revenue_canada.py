"""`surtax revenue --importer CAN`, and remissions in `surtax run --on`."""

from __future__ import annotations

import json

import pytest


def test_json_adds_up(call):
    code, out, err = call("revenue", "--importer", "CAN", "--on", "2025-05-06", "--json")
    assert (code, err) == (0, "")
    plain = json.loads(out)
    assert (plain["importer"], plain["origin"], plain["status"]) == ("CAN", "USA", "surtax-only")
    for name, total in plain["totals"].items():
        assert sum(m[name] for m in plain["by_measure"].values()) == pytest.approx(total, rel=1e-12)
    low, high = plain["band"]["all, vehicles low"], plain["band"]["none, vehicles high"]
    assert low["conventional"] <= plain["totals"]["conventional"] <= high["conventional"]


def test_words_and_refusals(call):
    code, out, _ = call("revenue", "--importer", "can", "--on", "2025-09-15", "--remissions", "named")
    assert code == 0
    assert "remissions named" in out
    assert "not public" in " ".join(out.split())
    for arguments, words in (
        (["--importer", "CAN", "--remissions", "half"], "a share"),
        (["--importer", "MEX"], "USA or CAN"),
        (["--importer", "CAN", "--on", "2026-07-24"], "covered for Canada"),
    ):
        code, out, err = call("revenue", *arguments)
        assert code == 2
        assert words in err


def test_run_takes_remissions(call):
    code, out, _ = call("run", "us-canada-2025", "--on", "2025-05-06", "--remissions", "all", "--json")
    assert code == 0
    assert not any("CAN<-USA" in c for c in json.loads(out)["conditions"]["changes"])
    code, out, _ = call("run", "us-canada-2025", "--on", "2025-05-06", "--json")
    assert any(c.startswith("ca-law: CAN<-USA:C29") for c in json.loads(out)["conditions"]["changes"])
    code, _, err = call("run", "us-canada-2025", "--on", "2025-05-06", "--remissions", "2")
    assert code == 2
    assert "between 0 and 1" in err
