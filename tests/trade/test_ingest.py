"""Small files in exactly the published formats of BACI, UN Comtrade, the US Census API and Statistics Canada."""

import gzip
import json
import zipfile

import numpy as np
import pytest

from surtax import trade
from surtax.errors import InputError
from surtax.trade.ingest import read_baci, read_census, read_comtrade, read_statcan

# --- BACI ---------------------------------------------------------------------------------------------------------

COUNTRIES = (
    "country_code,country_name,country_iso2,country_iso3\n"
    '124,Canada,CA,CAN\n484,Mexico,MX,MEX\n842,USA,US,USA\n490,"Other Asia, nes",,S19\n'
)
# CEPII pads values and quantities with blanks.
BACI = (
    "t,i,j,k,v,q\n"
    "2022,124,842,010121,         2.345,         1.000\n"
    "2022,124,842,870323,     44700.120,         NA\n"
    "2022,490,842,854231,         7.000,\n"
    "2022,842,124,870323,     12000.001,      3.000\n"
)


@pytest.fixture
def baci(tmp_path):
    (tmp_path / "country_codes_V202501.csv").write_text(COUNTRIES)
    path = tmp_path / "BACI_HS17_Y2022_V202501.csv"
    path.write_text(BACI)
    return path


def test_baci(baci):
    lines = read_baci(baci)
    assert lines.importers == ("CAN", "USA")
    assert lines.origins == ("CAN", "TWN", "USA")
    assert lines.value.dtype == np.int64
    assert lines.select(importer="USA", origin="CAN").by_product() == {"010121": 2345, "870323": 44_700_120}
    assert lines.select(importer="CAN").total() == 12_000_001
    assert (lines.period, lines.currency, lines.duty) == ("2022", "USD", None)
    assert lines.metadata["nomenclature"] == "HS2017"
    assert lines.metadata["aliases"] == {"S19": "TWN"}
    assert trade.line_sectors(lines).tolist() == ["C29", "A01", "C29", "C26"]


def test_baci_selections_and_forms(baci, tmp_path):
    only = read_baci(baci, importers=["USA"], exporters=["CAN"])
    assert (only.importers, only.origins, only.total()) == (("USA",), ("CAN",), 44_702_465)
    packed = tmp_path / "BACI_HS17_V202501.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("country_codes_V202501.csv", COUNTRIES)
        archive.writestr("product_codes_HS17_V202501.csv", "code,description\n010121,Horses\n")
        archive.writestr("BACI_HS17_Y2022_V202501.csv", BACI)
        archive.writestr("BACI_HS17_Y2021_V202501.csv", BACI.replace("2022,", "2021,"))
    assert read_baci(packed, year=2022).total() == read_baci(baci).total()
    assert read_baci(packed, year=2021).period == "2021"
    with pytest.raises(InputError, match="2 files"):
        read_baci(packed)
    zipped = tmp_path / "BACI_HS17_Y2022_V202501.csv.gz"
    zipped.write_bytes(gzip.compress(BACI.encode()))
    assert read_baci(zipped).total() == read_baci(baci).total()


def test_baci_unspecified_products_are_counted(baci):
    baci.write_text(BACI + "2022,124,842,9999AA,5.000,1\n")
    (left,) = read_baci(baci).metadata["left_out"]
    assert (left["rows"], left["value"]) == (1, 5000)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("44700.120", "44700,120", r"line 3: 7 fields where the header names 6"),
        ("44700.120", "many", r"line 3, column 'v': .*many.* is not a number"),
        ("12000.001", "-1", r"line 5, column 'v': .* is below zero"),
        ("12000.001", "", r"line 5, column 'v': .* is not a number"),
        ("010121", "10121", r"line 2, column 'k': '10121' has not 6 digits; leading zeros"),
        ("854231", "ABC", r"line 4, column 'k': 'ABC' is not a product code"),
        ("2022,490", "2022,999", r"line 4, column 'i': '999' is not in the file of country codes"),
        ("t,i,j,k,v,q", "t,i,j,k,val,q", r"no column 'v'.*'val'"),
        ("2022,842", "2021,842", r"several years, 2021, 2022"),
        (",      3.000", "", r"line 5: 5 fields"),
    ],
)
def test_baci_bad_input(baci, old, new, message):
    baci.write_text(BACI.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_baci(baci)


def test_baci_needs_its_codes(baci, tmp_path):
    (tmp_path / "country_codes_V202501.csv").unlink()
    with pytest.raises(InputError, match="countries="):
        read_baci(baci)
    with pytest.raises(InputError, match="cannot read"):
        read_baci(tmp_path / "absent.csv")


# --- UN Comtrade --------------------------------------------------------------------------------------------------

FIELDS = [
    "typeCode",
    "freqCode",
    "refPeriodId",
    "refYear",
    "refMonth",
    "period",
    "reporterCode",
    "reporterISO",
    "reporterDesc",
    "flowCode",
    "flowDesc",
    "partnerCode",
    "partnerISO",
    "partnerDesc",
    "partner2Code",
    "partner2ISO",
    "partner2Desc",
    "classificationCode",
    "classificationSearchCode",
    "isOriginalClassification",
    "cmdCode",
    "cmdDesc",
    "aggrLevel",
    "isLeaf",
    "customsCode",
    "customsDesc",
    "mosCode",
    "motCode",
    "motDesc",
    "qtyUnitCode",
    "qtyUnitAbbr",
    "qty",
    "isQtyEstimated",
    "altQtyUnitCode",
    "altQtyUnitAbbr",
    "altQty",
    "isAltQtyEstimated",
    "netWgt",
    "isNetWgtEstimated",
    "grossWgt",
    "isGrossWgtEstimated",
    "cifvalue",
    "fobvalue",
    "primaryValue",
    "legacyEstimationFlag",
    "isReported",
    "isAggregate",
]


def record(code, value, partner=842, iso="USA", **more):
    base = dict.fromkeys(FIELDS) | {
        "typeCode": "C", "freqCode": "A", "refPeriodId": 20230101, "refYear": 2023, "refMonth": 52, "period": "2023",
        "reporterCode": 124, "reporterISO": "CAN", "reporterDesc": "Canada", "flowCode": "M", "flowDesc": "Import",
        "partnerCode": partner, "partnerISO": iso, "partner2Code": 0, "partner2ISO": "W00",
        "classificationCode": "H6", "classificationSearchCode": "HS", "isOriginalClassification": True,
        "cmdCode": code, "aggrLevel": len(code), "isLeaf": len(code) == 6, "customsCode": "C00", "mosCode": "0",
        "motCode": 0, "qtyUnitCode": -1, "qtyUnitAbbr": "N/A", "qty": 0.0, "cifvalue": value, "fobvalue": None,
        "primaryValue": value, "legacyEstimationFlag": 0, "isReported": False, "isAggregate": True,
    }  # fmt: skip
    return base | more


RECORDS = [
    record("870323", 1000.5),
    record("870323", 400.0, partnerCode=490, partnerISO="S19"),
    record("010121", 20.0, partner=251, iso="FRA"),
    record("870323", 1420.5, partner=0, iso="W00"),
    record("87", 1400.5),
    record("TOTAL", 9999.0),
    record("870323", 600.5, motCode=2100),
    record("870323", 600.5, partner2Code=156),
    record("870323", 600.5, customsCode="C01"),
    record("870323", 777.0, flowCode="X", flowDesc="Export"),
]


def document(records):
    return {"elapsedTime": "0.1 secs", "count": len(records), "data": records, "error": ""}


@pytest.fixture
def comtrade(tmp_path):
    path = tmp_path / "comtrade.json"
    path.write_text(json.dumps(document(RECORDS)))
    return path


def test_comtrade_totals_once(comtrade):
    lines = read_comtrade(comtrade)
    assert lines.importers == ("CAN",)
    assert lines.by_origin() == {"FRA": 20.0, "TWN": 400.0, "USA": 1000.5}
    assert (lines.period, lines.metadata["nomenclature"]) == ("2023", "HS2022")
    left = {d["what"]: d["rows"] for d in lines.metadata["left_out"]}
    assert left == {
        "other flows than imports": 1, "the world as partner": 1, "parts of totals by partner2Code": 1,
        "parts of totals by customsCode": 1, "parts of totals by motCode": 1, "other levels than 6 digits": 2,
    }  # fmt: skip
    assert read_comtrade(comtrade, digits=2).total() == 1400.5
    exports = read_comtrade(comtrade, flow="X")
    assert (exports.importers, exports.origins, exports.total()) == (("USA",), ("CAN",), 777)


def csv_text(records, separator=",", fields=FIELDS, end=""):
    rows = [separator.join(fields)]
    rows += [separator.join("" if r[f] is None else str(r[f]) for f in fields) + end for r in records]
    return "\r\n".join(rows) + "\r\n"


def test_comtrade_forms_agree(comtrade, tmp_path):
    expected = read_comtrade(comtrade).by_origin()
    assert read_comtrade(RECORDS).by_origin() == expected
    api = tmp_path / "api.csv"
    api.write_text(csv_text(RECORDS), newline="")
    # The site writes names of columns with capitals, Latin letters, and a comma at the end of rows only.
    site = tmp_path / "TradeData.csv"
    capitals = csv_text([r | {"reporterDesc": "Curaçao"} for r in RECORDS], end=",").replace("typeCode", "TypeCode", 1)
    site.write_bytes(capitals.encode("cp1252"))
    bulk = tmp_path / "COMTRADE-FINAL-CA124202300H6.txt.gz"
    short = [f for f in FIELDS if not f.endswith(("ISO", "Desc"))]
    bulk.write_bytes(gzip.compress(csv_text(RECORDS, "\t", short).encode()))
    for path in (api, site, bulk):
        assert read_comtrade(path).by_origin() == expected, path.name


def test_comtrade_months():
    months = [
        record("870323", 1.0, period=f"2023{m:02d}", freqCode="M", refPeriodId=20230001 + 100 * m) for m in (1, 2)
    ]
    assert read_comtrade(months).period == "2023-01/2023-02"
    assert read_comtrade(months, period="2023-02").total() == 1
    with pytest.raises(InputError, match="count twice"):
        read_comtrade([*months, record("870323", 12.0)])


def test_comtrade_bad_input(comtrade, tmp_path):
    with pytest.raises(InputError, match="mixes H5, H6"):
        read_comtrade([*RECORDS, record("870323", 1.0, partner=484, iso="MEX", classificationCode="H5")])
    with pytest.raises(InputError, match=r"record 1, column 'primaryValue': nothing is not a number"):
        read_comtrade([record("870323", None)])
    with pytest.raises(InputError, match="nothing is left of imports at 4 digits"):
        read_comtrade(comtrade, digits=4)
    with pytest.raises(InputError, match="several years"):
        read_comtrade([*RECORDS, record("870323", 1.0, period="2022")])
    with pytest.raises(InputError, match="flow 'I'"):
        read_comtrade(comtrade, flow="I")
    bad = tmp_path / "bad.json"
    for text, message in (
        ('{"statusCode": 401, "message": "Access denied"}', "under 'data'"),
        ('{"error": "too many", "data": []}', "too many"),
        ('{"data": [1,', r"bad.json, line 1, column \d+: not JSON"),
        ('{"data": []}', "no column 'primaryValue'"),
    ):
        bad.write_text(text)
        with pytest.raises(InputError, match=message):
            read_comtrade(bad)


def test_comtrade_unions_are_not_countries():
    union = record("870323", 50.0, reporterCode=97, reporterISO="EUR")
    lines = read_comtrade([*RECORDS, union])
    assert lines.importers == ("CAN",)
    assert any("European Union" in d["what"] for d in lines.metadata["left_out"])


# --- US Census ----------------------------------------------------------------------------------------------------

CENSUS = [
    ["I_COMMODITY", "CTY_CODE", "CTY_NAME", "CON_VAL_YR", "CAL_DUT_YR", "COMM_LVL", "SUMMARY_LVL", "time", "COMM_LVL"],
    ["0101210010", "1220", "CANADA", "31047", "0", "HS10", "DET", "2024-12", "HS10"],
    ["8703230110", "2010", "MEXICO", "500", "12", "HS10", "DET", "2024-12", "HS10"],
    ["8703230110", "-", "TOTAL FOR ALL COUNTRIES", "31547", "12", "HS10", "DET", "2024-12", "HS10"],
    ["8703230110", "0003", "EUROPEAN UNION", "9", "1", "HS10", "CGP", "2024-12", "HS10"],
    ["8703230110", "1XXX", "NORTH AMERICA", "31547", "12", "HS10", "CGP", "2024-12", "HS10"],
]


def test_census(tmp_path):
    path = tmp_path / "hs.json"
    path.write_text(json.dumps(CENSUS))
    lines = read_census(path)
    assert lines.by_origin() == {"CAN": 31047, "MEX": 500}
    assert (lines.total_duty(), lines.period, lines.importers) == (12, "2024", ("USA",))
    assert sum(d["rows"] for d in lines.metadata["left_out"]) == 3
    assert lines.value.dtype == np.int64
    assert read_census(CENSUS).total() == lines.total()


def test_census_is_the_shipped_table():
    us = trade.load_us_imports().select(origin=["CAN", "MEX"])
    codes = {"CAN": "1220", "MEX": "2010"}
    rows = [
        [c, codes[o], str(v), str(d), "2024-12"]
        for c, o, v, d in zip(us.codes, us.origin_codes, us.value, us.duty, strict=True)
    ]
    again = read_census([["I_COMMODITY", "CTY_CODE", "CON_VAL_YR", "CAL_DUT_YR", "time"], *rows])
    np.testing.assert_array_equal(again.codes, us.codes)
    np.testing.assert_array_equal(again.value, us.value)
    np.testing.assert_array_equal(again.duty, us.duty)


def test_census_months_and_levels():
    head = ["I_COMMODITY", "CTY_CODE", "GEN_VAL_MO", "time"]
    months = [
        head,
        ["8703230110", "1220", "5", "2024-01"],
        ["8703230110", "1220", "6", "2024-02"],
        ["87", "1220", "5", "2024-01"],
    ]
    lines = read_census(months)
    assert (lines.total(), lines.period, lines.duty) == (11, "2024-01/2024-02", None)
    assert lines.metadata["left_out"][0]["what"] == "levels above 10 digits"
    assert read_census(months, period="2024-02").total() == 6
    exports = [["E_COMMODITY", "CTY_CODE", "ALL_VAL_MO", "YEAR", "MONTH"], ["870323", "1220", "5", "2024", "05"]]
    out = read_census(exports)
    assert (out.importers, out.origins, out.period) == (("CAN",), ("USA",), "2024-05")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[1].__setitem__(3, "n/a"), r"row 2, column 'CON_VAL_YR': 'n/a' is not a number"),
        (lambda t: t[1].__setitem__(3, None), r"row 2, column 'CON_VAL_YR': nothing is not a number"),
        (lambda t: t[2].__setitem__(1, "9998"), r"row 3, column 'CTY_CODE': '9998' is not a Census country"),
        (lambda t: t[2].__setitem__(0, "870"), r"row 3, column 'I_COMMODITY': '870' has not 2 or 4 or 6 or 10"),
        (lambda t: t[2].pop(), r"row 3: 8 fields where the header names 9"),
        (lambda t: t[0].__setitem__(3, "CON_VAL"), r"0 columns of values"),
        (lambda t: t[0].__setitem__(2, "GEN_VAL_YR"), r"2 columns of values: say which"),
        (lambda t: t[1].__setitem__(7, "2024-13"), r"'2024-13' is not a period"),
        (lambda t: t[1].__setitem__(7, "2024-11"), r"2 months would count several times"),
        (lambda t: t[1].__setitem__(8, "HS6"), r"'COMM_LVL' stands twice"),
    ],
)
def test_census_bad_input(change, message):
    table = [list(r) for r in CENSUS]
    change(table)
    with pytest.raises(InputError, match=message):
        read_census(table)


def test_census_errors_of_the_service(tmp_path):
    path = tmp_path / "hs.json"
    path.write_text("error: unknown variable 'CON_VAL'")
    with pytest.raises(InputError, match=r"it begins .error: unknown variable"):
        read_census(path)
    path.write_text('{"a": 1}')
    with pytest.raises(InputError, match="list of lists"):
        read_census(path)


# --- Statistics Canada --------------------------------------------------------------------------------------------

STATCAN = (
    "YearMonth/AnnéeMois,HS10,Country/Pays,Province,State/État,Value/Valeur,Quantity/Quantité,"
    "Unit of Measure/Unité de Mesure\n"
    "202401,0101210000,US,ON,NY,1000,2,NMB\n"
    "202401,0101210000,US,QC,NY,500,1,NMB\n"
    "202402,0101210000,US,ON,CA,30,1,NMB\n"
    "202402,8703230010,MX,ON,,70,1,NMB\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_statcan(tmp_path, encoding):
    path = tmp_path / "ODPFN014_202412N.csv"
    path.write_bytes(STATCAN.encode(encoding))
    lines = read_statcan(path)
    assert (lines.importers, lines.currency, lines.period) == (("CAN",), "CAD", "2024-01/2024-02")
    assert lines.by_origin() == {"MEX": 70, "USA": 1530}
    assert read_statcan(path, period="2024-01").total() == 1500
    assert lines.metadata["ten_digits"] == "CAN"


def test_statcan_zip_and_exports(tmp_path):
    path = tmp_path / "CIMT-CICM_Dom_Exp_2024.zip"
    with zipfile.ZipFile(path, "w") as archive:
        text = STATCAN.replace("HS10", "HS8").replace("0101210000", "01012100").replace("8703230010", "87032300")
        archive.writestr("ODPFN016_202412N.csv", text.encode())
        archive.writestr("ODPFN020_202412N.csv", text.encode())
        archive.writestr("ODPF_1_HS8Desc.TXT", "01012100\tHorses\n")
    lines = read_statcan(path)
    assert (lines.origins, lines.importers, lines.total()) == (("CAN",), ("MEX", "USA"), 1600)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("202402,8703", "202413,8703", r"line 5, column 'YearMonth/AnnéeMois': '202413' is not a month"),
        ("8703230010", "870323001", r"line 5, column 'HS10': '870323001' has not 10 digits"),
        (",500,", ",5OO,", r"line 3, column 'Value/Valeur': '5OO' is not a number"),
        ("MX", "MEX", r"line 5, column 'Country/Pays': 'MEX' is not a country of two letters"),
        ("Value/Valeur", "Valeur", r"no column 'Value/Valeur'"),
        ("202401,0101210000,US,QC", "202301,0101210000,US,QC", "several years"),
        (",2,NMB", "", r"line 2: 6 fields where the header names 8"),
    ],
)
def test_statcan_bad_input(tmp_path, old, new, message):
    path = tmp_path / "ODPFN014_202412N.csv"
    path.write_text(STATCAN.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_statcan(path)


def test_statcan_flow_must_be_known(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(STATCAN.replace("HS10", "HS6").replace("0101210000", "010121").replace("8703230010", "870323"))
    with pytest.raises(InputError, match="give flow="):
        read_statcan(path)
    assert read_statcan(path, flow="imports").total() == 1600
    path.write_text("")
    with pytest.raises(InputError, match="empty"):
        read_statcan(path)
    path.write_text(STATCAN.partition("\n")[0] + "\n")
    with pytest.raises(InputError, match="no rows"):
        read_statcan(path)
