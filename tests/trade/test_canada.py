"""Canada's surtaxes on US goods: values that add up to what was stated, rates that are the law's line by line, and days
on which the answer is known from the orders."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from tools.build_data import canada_items
from tools.build_data.common import default_sources

import surtax.law
from surtax import InputError, trade
from surtax.trade.canada import ENDS, REST, STEPS, charged, load_canadian_goods, streams
from surtax.trade.canada_months import monthly, months
from surtax.trade.canada_plain import as_plain
from surtax.trade.canada_rates import KEYS, covered, events, on_date, path, reference, require_origin

LISTS = Path(surtax.law.__file__).parents[1] / "data" / "law" / "CAN"
CAR, STEEL, JUICE = "87032300", "72083600", "20091200"


@pytest.fixture(scope="module")
def law():
    return surtax.law.load()


@pytest.fixture(scope="module")
def goods():
    return load_canadian_goods()


@pytest.fixture(scope="module")
def may(law):
    return on_date(law, "2025-05-06")


# --- what the items are worth --------------------------------------------------------------------------------------


def test_values_add_up_to_the_stated_coverage_to_the_dollar(goods):
    """Department of Finance: CAD 30.0 bn; 12.6 + 3.0 + 14.2 bn; vehicles 35.6 bn; Bank of Canada 2024: 1.3698."""

    def of(*parts):
        return int(goods.value[np.isin(goods.part, parts)].sum())

    assert of("66") == round(30e9 / 1.3698)
    assert of("95-steel", "95-aluminium", "95-other") == round(29.8e9 / 1.3698)
    assert of("95-steel") == round(12.6e9 / 1.3698)
    assert of("118") == round(35.6e9 / 1.3698)


def test_upper_bounds_are_those_of_the_exports(goods):
    """The six-digit codes of the lists hold USD 39.2 and 34.3 bn of US exports (SOURCE.txt of the lists)."""
    listed = trade.load_us_exports_canada()
    for order, parts in (("SOR/2025-66", ["66"]), ("SOR/2025-95", ["95-steel", "95-aluminium", "95-other"])):
        assert goods.upper_bound(np.isin(goods.part, parts)) == listed.coverage[order].upper_bound_usd


@pytest.mark.parametrize(
    ("part", "file", "group", "day"),
    [
        ("66", "ca-sor-2025-66.csv", "goods", "2025-03-04"),
        ("95-steel", "ca-sor-2025-95.csv", "schedule-2", "2025-03-13"),
        ("95", "ca-sor-2025-95.csv", "schedule-1", "2025-03-13"),
        ("118", "ca-sor-2025-118.csv", "schedule-1", "2025-04-09"),
    ],
)
def test_items_are_those_of_the_law_s_lists(goods, part, file, group, day):
    with (LISTS / file).open(encoding="utf-8", newline="") as opened:
        wanted = {
            r["code"].replace(".", "")
            for r in csv.DictReader(opened)
            if r["group"] == group and (r["from"] or day) <= day and (not r["to"] or r["to"] > day)
        }
    mine = np.isin(goods.part, ["95-aluminium", "95-other"] if part == "95" else [part])
    assert set(goods.items[mine].tolist()) == wanted


def test_every_item_stands_once_and_every_sector_keeps_a_rest(goods):
    items = goods.items[goods.part != REST]
    assert len(set(items.tolist())) == items.size
    assert (goods.value >= 0).all()
    assert goods.total == sum(goods.metadata["imports_usd"].values()) + goods.value[goods.sectors == "SVC"].sum()
    np.testing.assert_array_equal(goods.sectors[goods.part != REST], trade.sector_of(items.astype("U6")))


def test_sectors_are_those_of_the_shipped_scenario(goods):
    """The scenario file was worked out apart from this table: same imports, same value in scope by sector and list."""
    import surtax as sx

    names = {"ca-66": "66", "ca-95-steel": "95-steel", "ca-95-aluminium": "95-aluminium", "ca-95-other": "95-other",
             "ca-118": "118"}  # fmt: skip
    for m in sx.load_scenario("us-canada-2025").measures:
        for change in m.changes if m.id in names else ():
            f, (sector,) = dict(change.factors), change.sector
            mine = goods.value[(goods.part == names[m.id]) & (goods.sectors == sector)].sum()
            # The file gives tenths of a million.
            assert mine / 1e6 == pytest.approx(f["in scope, USD million"], abs=0.051)
            assert goods.metadata["imports_usd"][sector] / 1e6 == pytest.approx(f["imports, USD million"], abs=0.051)


@pytest.mark.skipif(not (default_sources() / "trade").is_dir(), reason="the sources are not beside the repository")
def test_build_gives_the_same_bytes(tmp_path):
    canada_items.build(default_sources(), tmp_path)
    for built in (tmp_path / "trade").iterdir():
        assert built.read_bytes() == (trade.flows.SHIPPED / built.name).read_bytes(), built.name


def test_shares_add_up_whatever_the_weights():
    for total in (0, 1, 10, 10**12 + 1):
        for weights in ([1.0], [1.0] * 7, [0.0, 3.0, 0.0], [1e-9, 1e9, 0.3]):
            parts = canada_items.shares(weights, total)
            assert sum(parts) == total
            # A part is a difference of two roundings.
            assert all(abs(p - total * w / sum(weights)) <= 1 for p, w in zip(parts, weights, strict=True))


# --- what the law charges -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "surtaxes"),
    [
        ("2025-03-03", {}),
        ("2025-03-04", {"66": 1256}),
        ("2025-03-13", {"66": 1256, "95": 539}),
        ("2025-04-08", {"66": 1256, "95": 539}),
        ("2025-04-09", {"66": 1256, "95": 539, "118": 19}),
        ("2025-08-31", {"66": 1256, "95": 539, "118": 19}),
        ("2025-09-01", {"95": 294, "118": 19}),  # SOR/2025-181: 265 of steel and 29 of aluminium stay
        ("2025-12-25", {"95": 294, "118": 19}),
        ("2025-12-26", {"95": 294, "118": 19, "267": 15}),  # of 61 items 46 pay under SOR/2025-95 (s. 2(a))
    ],
)
def test_items_that_pay_by_day(law, day, surtaxes):
    found = charged(law, dt.date.fromisoformat(day), ("before",)).by_measure["central"]
    assert {m.removeprefix("ca-sor-2025-"): int((r > 0).sum()) for m, r in found.items()} == surtaxes


def test_vehicles_pay_by_claim_and_content(law, goods):
    """SOR/2025-118, s. 2: 25 % of the value outside CUSMA, 25 % × (A − B) under it, B at least 15 % of A."""
    rates = charged(law, dt.date(2025, 5, 6), ("before",)).rates["before"]
    cars = goods.part == "118"
    for end, outside, content in (("low", 0.02, 0.30), ("central", 0.08, 0.15), ("high", 0.15, 0.15)):
        assert rates[end][cars] == pytest.approx(25 * (outside + (1 - outside) * (1 - content)), rel=1e-12)
        assert (rates[end][~cars] == rates["central"][~cars]).all()


@pytest.mark.parametrize("day", ["2025-03-20", "2025-07-15", "2025-10-20", "2026-01-10", "2026-07-21"])
def test_lines_agree_with_the_scalar_engine(law, goods, day):
    """`law.duty`, one item at a time, written apart from the grid: before, and with all that could be open."""
    found = charged(law, dt.date.fromisoformat(day))
    rng = np.random.default_rng(int(day.replace("-", "")))
    sample = rng.choice(np.flatnonzero((goods.items != "") & (goods.part != "118")), 60, replace=False)
    for i in sample:
        answer = law.duty(str(goods.items[i]), importer="CAN", origin="USA", on=day)
        assert found.rates["before"]["central"][i] == pytest.approx(answer.total_rate or 0.0, abs=1e-12)
        low = answer.total_rate if answer.bounds is None else min(answer.bounds)
        assert found.rates["all"]["central"][i] == pytest.approx(low or 0.0, abs=1e-9)
    claimed = law.duty(CAR, importer="CAN", origin="USA", on=day, preference="usmca", ca_mx_content=0.15)
    plain = law.duty(CAR, importer="CAN", origin="USA", on=day)
    blend = 0.92 * (claimed.total_rate or 0) + 0.08 * (plain.total_rate or 0)
    assert found.rates["before"]["central"][goods.items == CAR] == pytest.approx(blend, abs=1e-12)


def test_steps_and_ends_are_in_order(law):
    for day in ("2025-03-04", "2025-07-15", "2025-12-20", "2026-05-01"):
        found = charged(law, dt.date.fromisoformat(day)).rates
        for e in ENDS:
            assert (found["before"][e] >= found["named"][e] - 1e-12).all()
            assert (found["named"][e] >= found["all"][e] - 1e-12).all()
        for s in STEPS:
            assert (found[s]["low"] <= found[s]["central"] + 1e-12).all()
            assert (found[s]["central"] <= found[s]["high"] + 1e-12).all()


def test_remissions_end_when_their_orders_say(law, goods):
    """SOR/2025-269: manufacture to 31 January 2026 for Schedule 2 of SOR/2025-95, to 30 June for Schedule 1."""

    def manufacture(day):
        found = streams(law, dt.date.fromisoformat(day)).get("ca-sor-2025-122-manufacture")
        return np.zeros(goods.value.size) if found is None else found

    steel, aluminium = goods.part == "95-steel", goods.part == "95-aluminium"
    assert (manufacture("2026-01-31")[steel] == 25).all()
    assert (manufacture("2026-02-01")[steel] == 0).all()
    assert (manufacture("2026-02-01")[aluminium] == 25).all()
    assert (manufacture("2026-07-01") == 0).all()


@pytest.mark.parametrize(("day", "name"), [("2026-04-08", "ca-si-2025-60"), ("2026-04-09", "ca-si-2026-13")])
def test_vehicle_makers_remission_changes_hands(law, goods, day, name):
    """SI/2025-60 to 8 April 2026, SI/2026-13 from 9 April: only what s. 2(2) charges, that is under CUSMA."""
    found = streams(law, dt.date.fromisoformat(day))
    assert set(found) & {"ca-si-2025-60", "ca-si-2026-13"} == {name}
    assert found[name][goods.part == "118"] == pytest.approx(25 * 0.92 * 0.85, rel=1e-12)
    assert (found[name][goods.part != "118"] == 0).all()


def test_named_goods_leave_out_uses_and_vehicles(law, goods):
    """Health, manufacture and the World Cup reach everything and name nothing; of vehicles no item has a value."""
    found = charged(law, dt.date(2025, 7, 15)).rates
    cut = found["named"]["central"] < found["before"]["central"] - 1e-12
    assert not cut[goods.part == "118"].any()
    with (LISTS / "ca-sor-2025-122.csv").open(encoding="utf-8", newline="") as file:
        named = {r["code"].replace(".", "") for r in csv.DictReader(file)}
    for item in goods.items[cut]:
        assert any(item.startswith(n[:8]) or n.startswith(item) for n in named), item
    assert cut.any()
    assert not cut[(goods.part == "66")].all()


# --- edited law -----------------------------------------------------------------------------------------------------


def test_an_edited_law_is_followed(law, goods):
    day = dt.date(2025, 5, 6)
    dropped = charged(law.edit("ca-sor-2025-66", drop=True), day, ("before",)).by_measure["central"]
    assert set(dropped) == {"ca-sor-2025-95", "ca-sor-2025-118"}
    halved = charged(law.edit("ca-sor-2025-95", rate=12.5), day, ("before",)).by_measure["central"]["ca-sor-2025-95"]
    assert set(np.unique(halved)) == {0.0, 12.5}
    without = law.edit("ca-sor-2025-66", remove_products=[JUICE])
    assert charged(without, day, ("before",)).rates["before"]["central"][goods.items == JUICE] == 0


def test_goods_beyond_the_lists_are_marked_or_refused(law):
    day = dt.date(2025, 5, 6)
    added = law.edit("ca-sor-2025-66", add_products=["2709"], group="schedule")
    assert "2709" in charged(added, day, ("before",)).unvalued[0]
    assert charged(added, dt.date(2025, 9, 2), ("before",)).unvalued == ()
    everything = law.edit("ca-sor-2025-66", add_products=["*"], group="schedule")
    with pytest.raises(InputError, match="no list"):
        charged(everything, day)


# --- a day ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2025-02-01", "2025-05-06", "2025-10-20", "2026-01-10"])
@pytest.mark.parametrize("key", KEYS)
def test_groups_add_up_to_the_last_dollar(law, day, key):
    found = on_date(law, day)
    rows = found.by(key)
    assert sum(r.value for r in rows) == found.goods.total
    for s in STEPS:
        for e in ENDS:
            assert sum(r.duty[s][e] for r in rows) == found.duty(s, e)
    assert len({r.label for r in rows}) == len(rows)


def test_items_under_two_surtaxes_are_counted_once(law):
    """An edited law may tax an item twice: duty adds up by measure, and so do imports."""
    twice = on_date(law.edit("ca-sor-2025-66", add_products=[STEEL], group="schedule"), "2025-05-06")
    once = on_date(law, "2025-05-06")
    steel = int(twice.goods.value[twice.goods.items == STEEL].sum())
    assert twice.duty("before") - once.duty("before") == pytest.approx(0.25 * steel, abs=1)
    rows = {g.label: g for g in twice.by("measure")}
    assert rows["under several surtaxes"].value == -steel
    assert sum(g.value for g in rows.values()) == twice.goods.total
    for key in KEYS:
        assert sum(g.duty["named"]["low"] for g in twice.by(key)) == twice.duty("named", "low")
        assert sum(g.taxed for g in twice.by(key)) == sum(g.taxed for g in once.by(key))


def test_coverage_is_unscaled_and_scaled_with_its_factor(may):
    rows = {c.measure: c for c in may.coverage()}
    first, second = rows["ca-sor-2025-66"], rows["ca-sor-2025-95"]
    assert (first.upper_bound, second.upper_bound) == (39_166_104_551, 34_286_716_216)
    assert first.factor == pytest.approx(30e9 / 1.3698 / 39_166_104_551, rel=1e-9)
    assert second.factor == pytest.approx(29.8e9 / 1.3698 / 34_286_716_216, rel=1e-9)
    assert rows["ca-sor-2025-118"].upper_bound is None
    assert rows["ca-sor-2025-118"].factor is None


def test_items_without_a_value_are_listed(law):
    (row,) = (c for c in on_date(law, "2026-01-10").coverage() if c.measure == "ca-sor-2025-267")
    assert (row.items, row.without_value) == (14, ("72169100",))


def test_conventional_duty_of_the_scenario(may):
    """The same factors as docs/scenario-us-canada-2025.md, worked out there by sector: USD 15,976 million in goods."""
    goods = sum(r.duty["before"]["central"] for r in may.by("sector") if r.label != "SVC")
    assert goods / 1e6 == pytest.approx(15_976, abs=2)


def test_the_band_holds_and_the_comparator_stands_beside_it_only(law, may):
    july = on_date(law, "2025-07-15")
    assert july.comparator is not None
    assert july.comparator["rate_percent"] == 2.6  # oracles/published.csv
    assert may.comparator is None
    assert july.rate("all", "low") <= july.rate("named") <= july.rate("before", "high")


def test_plain_values_are_json(law):
    plain = as_plain(on_date(law, "2026-01-10"), law, "heading")
    text = json.dumps(plain, allow_nan=False)
    assert json.loads(text)["schema"] == "surtax-rates-canada/1"
    assert plain["official"]["SOR/2025-95"]["official_cad"] == 29_800_000_000
    assert plain["net_of_remissions"]["low"] <= plain["steps"]["named"]["rate"]["central"]
    labels = {r["label"] for r in plain["by"]["rows"]}
    assert "8703, 8704" in labels
    assert "8703" not in labels


# --- the path -------------------------------------------------------------------------------------------------------


def test_the_path_covers_each_day_once_and_agrees_with_single_days(law):
    start, end = covered(law)
    stretches = path(law, start, end)
    assert (stretches[0].start, stretches[-1].end) == (start, end)
    assert all(a.end == b.start for a, b in itertools.pairwise(stretches))
    assert {
        dt.date(2025, 3, 4),
        dt.date(2025, 3, 13),
        dt.date(2025, 4, 9),
        dt.date(2025, 9, 1),
        dt.date(2025, 12, 26),
    } <= {s.start for s in stretches}
    for s in stretches[:: max(1, len(stretches) // 6)]:
        for day in (s.start, s.end - dt.timedelta(days=1)):
            one = on_date(law, day)
            for step, band in zip(STEPS, (s.before, s.named, s.all), strict=True):
                assert band == (one.rate(step, "low"), one.rate(step, "high"))


def test_events_name_the_orders(law):
    words = dict(events(law, path(law, *covered(law))))
    assert "SOR/2025-66 begins" in words[dt.date(2025, 3, 4)]
    assert "SOR/2025-66 ends" in words[dt.date(2025, 9, 1)]
    assert "SOR/2025-95 539 to 294 items" in words[dt.date(2025, 9, 1)]
    assert reference(law, "ca-si-2025-60") == "SI/2025-60"


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2024-12-31", "2026-07-24", "2030-01-01"])
def test_days_that_the_law_does_not_cover_are_refused(law, day):
    with pytest.raises(InputError, match="covered for Canada"):
        on_date(law, day)
    with pytest.raises(InputError, match="covered for Canada"):
        path(law, dt.date.fromisoformat(day), dt.date.fromisoformat(day) + dt.timedelta(days=1))


def test_other_words_are_refused(law, may):
    with pytest.raises(InputError, match="not a day"):
        on_date(law, "May")
    with pytest.raises(InputError, match="empty"):
        path(law, dt.date(2025, 5, 6), dt.date(2025, 5, 6))
    with pytest.raises(InputError, match="sector, chapter, heading"):
        may.by("colour")


def test_other_origins_are_refused_with_what_would_reach_them(law):
    require_origin(law, "usa")
    with pytest.raises(InputError, match="ca-sor-2025-267"):
        require_origin(law, "DEU")
    with pytest.raises(InputError, match="own goods"):
        require_origin(law, "CAN")
    with pytest.raises(InputError, match="no country"):
        require_origin(law, "ZZZ")


def test_a_month_is_the_mean_of_its_days(law):
    """SOR/2025-66 holds from 4 March 2025, SOR/2025-95 from the 13th: 28 and 19 of 31 days at 25 per cent."""
    month = monthly(law, "2025-03")
    assert (month.month, month.days) == ("2025-03", 31)
    # Whole dollars a line: half a dollar each at most.
    value = {c.measure: c.value for c in month.coverage()}
    for measure, days in (("ca-sor-2025-66", 28), ("ca-sor-2025-95", 19)):
        assert month.duty("before", "central", measure) == pytest.approx(0.25 * days / 31 * value[measure], abs=700)
    daily = [on_date(law, dt.date(2025, 3, 1) + dt.timedelta(days=i)) for i in range(31)]
    for step in ("before", "named", "all"):
        for end in ("low", "high"):
            assert month.rate(step, end) == pytest.approx(np.mean([d.rate(step, end) for d in daily]), abs=1e-6)
    for key in KEYS:
        rows = month.by(key)
        assert sum(r.value for r in rows) == month.goods.total
        assert sum(r.duty["named"]["low"] for r in rows) == month.duty("named", "low")


def test_months_cover_what_the_law_covers(law):
    assert months(law)[0] == "2025-01"
    assert monthly(law, months(law)[-1]).days == 23  # texts end on 23 July 2026
    for wrong, words in (("2026-08", "after the last day"), ("2024-12", "before the first day"), ("2025-1", "month")):
        with pytest.raises(InputError, match=words):
            monthly(law, wrong)


def test_days_keep_a_breakdown(law):
    stretches = path(law, dt.date(2025, 2, 20), dt.date(2025, 4, 20), by="order")
    for s in stretches:
        assert (
            list(s.groups)
            == on_date(law, s.start).by("order")
            == on_date(law, s.end - dt.timedelta(days=1)).by("order")
        )
