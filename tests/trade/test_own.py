"""The law on flows of a user's own: line by line against the scalar engine, bands against every line under a code."""

from __future__ import annotations

import json

import numpy as np
import pytest

import surtax.law
from surtax import trade
from surtax.errors import InputError
from surtax.law.dates import ordinal
from surtax.trade.effective import effective
from surtax.trade.ingest.detect import kind_of, read_flows
from surtax.trade.metal import metal_content
from surtax.trade.own import KEYS, NO_LINE, NOT_SAID, TOO_COARSE, own_rates

LAW = surtax.law.load()
DAY = "2025-05-06"
US = {"ten_digits": "USA"}


def flows(products, origin="CAN", importer="USA", value=None, **metadata):
    return trade.from_rows(
        importer, origin, products, [100] * len(products) if value is None else value, metadata={**US, **metadata}
    )


def scalar(code, origin, day=DAY, importer="USA", preference="none"):
    """The engine of one line, asked with the same contents."""
    metals = {m: float(x[0]) for m, x in metal_content([code]).items() if not np.isnan(x[0])}
    return LAW.duty(code, importer=importer, origin=origin, on=day, preference=preference, us_content=0.0,
                    metal_content=metals or None).total_rate  # fmt: skip


@pytest.mark.parametrize("origin", ["CAN", "CHN", "DEU"])
def test_ten_digits_have_the_rate_of_their_line(origin):
    codes = ["0101210010", "7208390030", "7616995190", "8471300100", "8703230110", "9403200050"]
    found = own_rates(LAW, flows(codes, origin), DAY)
    for code, low, high in zip(found.lines.codes, found.low, found.high, strict=True):
        rate = scalar(code, origin)
        assert low == high == pytest.approx(rate, abs=1e-9) or (rate is None and np.isnan(high)), code


@pytest.mark.parametrize(
    ("code", "origin"), [("720839", "CAN"), ("761699", "CAN"), ("854231", "CHN"), ("940320", "DEU")]
)
def test_six_digits_are_bounded_by_the_lines_under_them(code, origin):
    found = own_rates(LAW, flows([code], origin), DAY)
    number = LAW.jurisdiction("USA").nomenclature
    lines = LAW.index.children(number, code, ordinal(DAY))
    rates = [r for c in lines if (r := scalar(c, origin)) is not None]
    assert found.candidates[0] == len(lines) > 0
    assert (found.low[0], found.high[0]) == pytest.approx((min(rates), max(rates)), abs=1e-9)
    assert np.isnan(found.mean[0]) or found.low[0] <= found.mean[0] <= found.high[0]


def test_an_older_vintage_reaches_what_its_code_became():
    """HS 2017 8541.40 (photosensitive devices) became 8541.41, .42, .43 and .49 in HS 2022."""
    plain = own_rates(LAW, flows(["854140"]), DAY)
    assert plain.reasons.tolist() == [NO_LINE]
    found = own_rates(LAW, flows(["854140"], nomenclature="HS2017"), DAY)
    number = LAW.jurisdiction("USA").nomenclature
    lines = [c for h in ("854141", "854142", "854143", "854149") for c in LAW.index.children(number, h, ordinal(DAY))]
    assert found.candidates[0] == len(lines)
    assert found.known.all()
    assert found.carried.all()
    assert not plain.carried.any()


@pytest.fixture(scope="module")
def shipped():
    us = trade.load_us_imports().select(origin="CAN")
    return us.where(us.digits == 10)


def test_the_shipped_flows_give_the_shipped_rates(shipped):
    """`surtax rates` joins the same law to the same lines by other code."""
    found = own_rates(LAW, shipped, DAY)
    other = effective(LAW, DAY, weights="2024")
    step = other.steps["none"]
    theirs = dict(
        zip(other.basket.codes.tolist(), step.duties[1] / np.maximum(other.basket.value, 1) * 100, strict=True)
    )
    # a rate cannot be read off the duty of a line without value
    plain = found.known & ~found.per_unit & ~found.carried & (found.lines.value > 0)
    assert plain.mean() > 0.9
    for code, rate in zip(found.lines.codes[plain].tolist(), found.high[plain].tolist(), strict=True):
        assert rate == pytest.approx(theirs[code], abs=1e-6), code


def test_the_band_of_six_digits_holds_the_rate_of_ten(shipped):
    """Flows that are known by line, forgotten to six digits: their true duty lies in the band, code by code."""
    exact = own_rates(LAW, shipped, DAY)
    use = exact.known & ~exact.per_unit & ~exact.carried
    known = exact.lines.where(use)
    band = own_rates(LAW, known.at_digits(6), DAY)
    duty: dict[str, float] = {}
    for code, rate, value in zip(known.codes, exact.high[use], known.value, strict=True):
        duty[code[:6]] = duty.get(code[:6], 0.0) + rate / 100 * value
    for i, code in enumerate(band.lines.codes):
        if band.known[i] and not band.partly[i]:
            value = float(band.lines.value[i])
            assert band.low[i] / 100 * value <= duty[code] * (1 + 1e-9) + 1e-6, code
            assert duty[code] <= band.high[i] / 100 * value * (1 + 1e-9) + 1e-6, code


@pytest.mark.parametrize("key", KEYS)
def test_every_grouping_adds_up(shipped, key):
    found = own_rates(LAW, shipped, DAY)
    rows = found.by(key)
    assert sum(r.value for r in rows) == found.lines.total()
    assert sum(r.known for r in rows) + sum(found.unknown().values()) == pytest.approx(found.lines.total(), rel=1e-12)
    assert (sum(r.low for r in rows), sum(r.high for r in rows)) == pytest.approx(found.duty(), rel=1e-11)


def test_a_claim_of_usmca_is_for_its_members():
    found = [own_rates(LAW, flows(["0101210010"], o), DAY, claims="full") for o in ("CAN", "CHN")]
    assert found[0].high[0] == scalar("0101210010", "CAN", preference="usmca") == 0
    assert found[1].high[0] == scalar("0101210010", "CHN")


def test_what_has_no_rate_is_named_with_its_value():
    lines = flows(["72", "999999", "0101210010", "9801001012"], value=[5, 7, 11, 13])
    found = own_rates(LAW, lines, DAY)
    assert found.unknown() == {TOO_COARSE: 5, NO_LINE: 20}
    assert found.rate() == (25, 25)
    strange = own_rates(LAW, flows(["0101210010"], "#1"), DAY)
    assert strange.unknown() == {NOT_SAID: 100}
    assert np.isnan(strange.rate()[0])


def test_codes_of_another_day_become_bands():
    """8471.30.01.00 with a suffix that never was: the lines under its eight digits."""
    found = own_rates(LAW, flows(["7208390099"]), DAY)
    assert found.known.all()
    assert found.carried.all()
    assert found.candidates[0] > 1


def test_canada_s_own_numbers_and_six_digits():
    """SOR/2025-95 Schedule 2: 7208.36.00. Ten Canadian digits have their item's rate; six may hold unlisted items."""
    ten = flows(["7208360010"], "USA", "CAN", ten_digits="CAN")
    assert own_rates(LAW, ten, DAY, importer="CAN").high.tolist() == [25]
    six = own_rates(LAW, flows(["720836", "010121"], "USA", "CAN"), DAY, importer="CAN")
    assert dict(zip(six.lines.codes.tolist(), zip(six.low.tolist(), six.high.tolist(), strict=True), strict=True)) == {
        "720836": (0, 25), "010121": (0, 0),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"importer": "MEX"}, "importer 'MEX'"),
        ({"importer": "CAN"}, "no imports of CAN; they hold those of USA"),
        ({"claims": "some"}, "none or full"),
        ({"on": "May"}, "is not a day"),
        ({"on": "2027-01-01"}, "after the last day covered"),
        ({"car_us_content": 2}, "between 0 and 1"),
    ],
)
def test_refusals(change, message):
    on = change.pop("on", DAY)
    with pytest.raises(InputError, match=message):
        own_rates(LAW, flows(["720839"]), on, **change)


def test_vintages_that_the_tables_do_not_know_are_refused():
    with pytest.raises(InputError, match="HS 1992"):
        own_rates(LAW, flows(["720839"], nomenclature="HS1992"), DAY)


def test_an_unknown_grouping_is_refused():
    with pytest.raises(InputError, match="cannot group"):
        own_rates(LAW, flows(["720839"]), DAY).by("measure")


# --- files ---

CENSUS = [["I_COMMODITY", "CTY_CODE", "CON_VAL_YR", "time"], ["7208390030", "1220", "1000", "2024-12"],
          ["8703230110", "2010", "500", "2024-12"]]  # fmt: skip


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    codes = "country_code,country_name,country_iso2,country_iso3\n124,Canada,CA,CAN\n842,USA,US,USA\n"
    (tmp_path / "country_codes_V202501.csv").write_text(codes)
    (tmp_path / "mine.csv").write_text("t,i,j,k,v,q\n2022,124,842,720839,100.0,1\n2022,842,124,340600,10,3\n")
    (tmp_path / "census.json").write_text(json.dumps(CENSUS))
    two = [
        ["I_COMMODITY", "CTY_CODE", "GEN_VAL_MO", "CON_VAL_MO", "time"],
        ["7601209080", "1220", "500", "400", "2025-05"],
    ]
    (tmp_path / "two.json").write_text(json.dumps(two))
    head = "YearMonth/AnnéeMois,HS10,Country/Pays,Province,State/État,Value/Valeur,Quantity/Quantité,Unit of Measure/Unité de Mesure\n"
    (tmp_path / "cimt.csv").write_text(head + "202412,3406009000,US,ON,NY,100,1,KGM\n", encoding="utf-8")
    (tmp_path / "un.json").write_text(json.dumps({"data": []}))
    return tmp_path


def test_formats_are_told_by_their_look(files):
    found = {n: kind_of(files / n) for n in ("mine.csv", "census.json", "cimt.csv", "un.json")}
    assert found == {"mine.csv": "baci", "census.json": "census", "cimt.csv": "statcan", "un.json": "comtrade"}
    with pytest.raises(InputError, match="looks like no file"):
        kind_of(files / "country_codes_V202501.csv")
    with pytest.raises(InputError, match="cannot read"):
        kind_of(files / "none.csv")
    with pytest.raises(InputError, match="format 'dbf'"):
        read_flows(files / "mine.csv", "dbf")


def test_the_command(files, call):
    code, out, err = call("rates", "--flows", "census.json", "--by", "origin", "--json")
    assert (code, err) == (0, "")
    plain = json.loads(out)
    assert plain["schema"] == "surtax-rates-own/1"
    none, full = plain["steps"]
    # EO 14193 on Canada's steel; on a Mexican car 25 % under Proc. 10908 and 2.5 % ordinary duty
    assert (none["rate_low"], none["duty_high"]) == (pytest.approx(100 * (250 + 137.5) / 1500), pytest.approx(387.5))
    assert full["rate_high"] < none["rate_low"]
    assert {r["label"] for r in none["groups"]["rows"]} == {"CAN", "MEX"}
    code, out, _ = call("rates", "--flows", "census.json", "--origin", "MEX")
    assert (code, "27.50" in out) == (0, True)
    code, out, _ = call("rates", "--flows", "mine.csv", "--importer", "CAN", "--by", "chapter")
    assert (code, "surtax only" in out, "a band" in out) == (0, True, True)
    code, out, _ = call("rates", "--flows", "cimt.csv", "--importer", "CAN")
    assert (code, "25.00" in out) == (0, True)


def test_a_census_file_with_two_columns_of_values(files, call):
    """Imports for consumption and general imports are often asked for together; the message names the option."""
    code, out, _ = call("rates", "--flows", "two.json", "--value", "CON_VAL_MO", "--on", "2025-07-15", "--json")
    assert (code, json.loads(out)["flows"]["value"]) == (0, 400.0)
    code, out, _ = call("rates", "--flows", "two.json", "--value", "GEN_VAL_MO", "--on", "2025-07-15", "--json")
    assert (code, json.loads(out)["flows"]["value"]) == (0, 500.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--flows", "census.json", "--daily"], "one day"),
        (["--flows", "census.json", "--by", "measure"], "sector, chapter or origin"),
        (["--flows", "census.json", "--origin", "FRA"], "no origin 'FRA'"),
        (["--flows", "nothere.json"], "cannot read"),
        (["--flows", "census.json", "--preference", "full"], "nothing is known of who claims"),
        (["--flows", "census.json", "--unmatched"], "nothing is known of who claims"),
        (["--flows", "census.json", "--on", "2025-05-06", "--monthly"], "neither --monthly"),
        (["--flows", "two.json"], "--value"),
        (["--flows", "two.json", "--value", "VALUE"], "'VALUE'"),
        (["--flows", "mine.csv", "--value", "v"], "US Census file"),
        (["--flows", "mine.csv", "--format", "census"], "not JSON"),
        (["--flows", "census.json", "--importer", "CAN"], "no imports of CAN"),
    ],
)
def test_wrong_files_and_options(files, call, arguments, words):
    code, out, err = call("rates", *arguments)
    assert (code, out) == (2, "")
    assert words in err
