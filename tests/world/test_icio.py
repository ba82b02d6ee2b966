"""The reader of the OECD's tables against sums of small tables, cell by cell in plain Python."""

import csv
import itertools
import zipfile

import numpy as np
import pytest

import surtax as sx
from surtax.errors import AccountsError, InputError
from surtax.world.files import read_arrays, write_world
from surtax.world.icio import aggregate_icio, build_world_from_icio_csv, edition_of
from surtax.world.icio_codes import divisions, is_good, sector_name
from surtax.world.icio_csv import read_icio_csv

COUNTRIES = ["CAN", "CHN", "MEX", "ROW"]
SECTORS = ["A01", "A02", "C24A", "G", "T"]
CATEGORIES = ["HFCE", "NPISH", "GGFC", "GFCF", "INVNT", "DPABR"]


class Table:
    """A table as cells by label, and the file that the OECD would print of it."""

    def __init__(self, countries=COUNTRIES, sectors=SECTORS, demand=COUNTRIES):
        self.industries = [f"{c}_{s}" for c in countries for s in sectors]
        self.demand = [f"{c}_{f}" for c in demand for f in CATEGORIES]
        self.cells = {}
        for i, row in enumerate(self.industries):
            for j, column in enumerate(self.industries):
                self.cells[row, column] = float((3 * i + 5 * j) % 11)
            for j, column in enumerate(self.demand):
                self.cells[row, column] = float((7 * i + 2 * j) % 13 + (200 if column[:3] == row[:3] else 0))
        self.taxes = {c: float(n % 3) for n, c in enumerate(self.industries)}
        self.corner, self.tax_rows, self.names = "V1", None, ("TLS", "VA", "OUT", "OUT")

    def sales(self, row):
        return sum(self.cells[row, c] for c in self.industries + self.demand)

    def inputs(self, column):
        return sum(self.cells[r, column] for r in self.industries)

    def lines(self):
        tls, va, out, total = self.names
        yield [self.corner, *self.industries, *self.demand, total]
        for row in self.industries:
            yield [
                row,
                *(self.cells[row, c] for c in self.industries + self.demand),
                self.sales(row),
            ]
        blank = [""] * (len(self.demand) + 1)
        if self.tax_rows:
            for n, row in enumerate(self.tax_rows):
                yield [row, *(self.taxes[c] if n == 0 else 0.0 for c in self.industries), *blank]
        else:
            yield [tls, *(self.taxes[c] for c in self.industries), *blank]
        yield [
            va,
            *(self.sales(c) - self.inputs(c) - self.taxes[c] for c in self.industries),
            *blank,
        ]
        yield [out, *(self.sales(c) for c in self.industries), *blank]

    def write(self, path):
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(self.lines())
        return path


@pytest.fixture
def table():
    return Table()


def expected(table, countries, sectors, country=lambda c: c, sector=lambda s: s):
    """Flows, final and use by adding up cells one at a time."""
    J, N = len(sectors), len(countries)
    flows, final, use = np.zeros((J, N, N)), np.zeros((J, N, N)), np.zeros((J, J, N))
    for (row, column), value in table.cells.items():
        s, o = sectors.index(sector(row[4:])), countries.index(country(row[:3]))
        d = countries.index(country(column[:3]))
        flows[s, o, d] += value
        if column[4:] in CATEGORIES:
            final[s, o, d] += value
        else:
            use[s, sectors.index(sector(column[4:])), d] += value
    return flows, final, use


def assert_accounts(accounts):
    flows, final, use = accounts.flows, accounts.final, accounts.use
    assert (final >= 0).all()
    assert (final <= flows * (1 + 1e-12)).all()
    assert (accounts.value_added >= 0).all()
    np.testing.assert_array_equal(accounts.value_added, flows.sum(axis=2) - use.sum(axis=0))
    np.testing.assert_allclose((flows - final).sum(axis=1), use.sum(axis=1), rtol=1e-12, atol=1e-9)


def test_every_sector_and_country(table, tmp_path):
    read = read_icio_csv(table.write(tmp_path / "2022_SML.csv"))
    assert (read.year, read.economies, read.sectors) == (2022, tuple(COUNTRIES), tuple(SECTORS))
    assert edition_of(read) == "2025 edition"
    np.testing.assert_array_equal(read.taxes, list(table.taxes.values()))
    accounts = aggregate_icio(read, sectors="all")
    flows, final, use = expected(table, COUNTRIES, SECTORS)
    np.testing.assert_array_equal(accounts.flows, flows)
    np.testing.assert_array_equal(accounts.final, final)
    np.testing.assert_array_equal(accounts.use, use)
    assert accounts.adjustments == ()
    assert_accounts(accounts)


def test_numbers_worked_by_hand(tmp_path):
    """Two economies, one good and one service; every number below is an addition anyone can do."""
    text = """V1,AAA_A01,AAA_G,BBB_A01,BBB_G,AAA_HFCE,AAA_INVNT,BBB_HFCE,BBB_INVNT,OUT
AAA_A01,10,5,2,1,30,2,4,1,55
AAA_G,4,20,0,3,60,0,8,0,95
BBB_A01,6,1,8,2,5,0,20,-2,40
BBB_G,1,7,3,10,2,0,50,0,73
TLS,1,2,1,0,3,0,4,0,0
VA,33,60,26,57,0,0,0,0,0
OUT,55,95,40,73,0,0,0,0,0
"""
    path = tmp_path / "2019.csv"
    path.write_text(text)
    accounts = aggregate_icio(read_icio_csv(path))
    assert accounts.sectors == ("A01", "SVC")
    np.testing.assert_array_equal(accounts.flows[0], [[10 + 5 + 30 + 2, 2 + 1 + 4 + 1], [6 + 1 + 5, 8 + 2 + 20 - 2]])
    np.testing.assert_array_equal(accounts.final[0], [[32, 5], [5, 18]])
    np.testing.assert_array_equal(accounts.use[0, :, 0], [10 + 6, 5 + 1])
    np.testing.assert_array_equal(accounts.use[1, :, 1], [0 + 3, 3 + 10])
    # Factor income holds the taxes on inputs: output 55 less inputs 21 is VA 33 + TLS 1.
    np.testing.assert_array_equal(accounts.value_added, [[34, 27], [62, 57]])


def test_goods_stay_and_services_become_one(table, tmp_path):
    accounts = aggregate_icio(read_icio_csv(table.write(tmp_path / "2022_SML.csv")))
    kinds = ["A01", "A02", "C24A", "SVC"]
    assert accounts.sectors == tuple(kinds)
    assert accounts.sector_members["SVC"] == ("G", "T")
    parts = expected(table, COUNTRIES, kinds, sector=lambda s: s if s in kinds else "SVC")
    for found, wanted in zip((accounts.flows, accounts.final, accounts.use), parts, strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert_accounts(accounts)


@pytest.mark.parametrize(
    ("countries", "order", "place"),
    [
        (["MEX", "CAN"], ["MEX", "CAN", "ROW"], {"MEX": "MEX", "CAN": "CAN"}),
        (
            {"MEX": "NAM", "CAN": "NAM"},
            ["NAM", "CHN", "ROW"],
            {"MEX": "NAM", "CAN": "NAM", "CHN": "CHN"},
        ),
        (
            {"CHN": "CHN", "*": "ELSE"},
            ["ELSE", "CHN"],
            {"CHN": "CHN", "MEX": "ELSE", "CAN": "ELSE", "ROW": "ELSE"},
        ),
    ],
)
def test_groups_of_countries(table, tmp_path, countries, order, place):
    accounts = aggregate_icio(read_icio_csv(table.write(tmp_path / "2022_SML.csv")), countries, "all")
    assert accounts.countries == tuple(order)
    parts = expected(table, order, SECTORS, country=lambda c: place.get(c, "ROW"))
    for found, wanted in zip((accounts.flows, accounts.final, accounts.use), parts, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_groups_of_sectors(table, tmp_path):
    mapping = {"A01": "FARM", "A02": "FARM", "*": "REST"}
    accounts = aggregate_icio(read_icio_csv(table.write(tmp_path / "2022_SML.csv")), sectors=mapping)
    assert accounts.sectors == ("FARM", "REST")
    flows, _, use = expected(
        table,
        COUNTRIES,
        ["FARM", "REST"],
        sector=lambda s: "FARM" if s in ("A01", "A02") else "REST",
    )
    np.testing.assert_array_equal(accounts.flows, flows)
    np.testing.assert_array_equal(accounts.use, use)


@pytest.mark.parametrize("empty_whole", [False, True])
def test_parts_of_china_and_mexico_are_added_up(tmp_path, empty_whole):
    """The extended tables: MX1, MX2, CN1, CN2; in some editions CHN and MEX stay as empty rows."""
    split = ["CAN", "ROW", "MX1", "MX2", "CN1", "CN2"]
    table = Table(countries=[*split, "CHN", "MEX"] if empty_whole else split)
    for key in table.cells:
        if any(label[:3] in ("CHN", "MEX") and label in table.industries for label in key):
            table.cells[key] = 0.0
        if key[0][:2] in ("MX", "CN") and key[1][4:] == "HFCE":
            table.cells[key] += 150.0
    table.taxes = dict.fromkeys(table.industries, 0.0)
    accounts = aggregate_icio(read_icio_csv(table.write(tmp_path / "2022.csv")), sectors="all")
    assert accounts.countries == tuple(COUNTRIES)
    whole = {"MX1": "MEX", "MX2": "MEX", "CN1": "CHN", "CN2": "CHN"}
    parts = expected(table, COUNTRIES, SECTORS, country=lambda c: whole.get(c, c))
    for found, wanted in zip((accounts.flows, accounts.final, accounts.use), parts, strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert_accounts(accounts)


def test_a_country_counted_twice_is_refused(tmp_path):
    table = Table(countries=["CAN", "ROW", "CHN", "CN1", "CN2", "MEX"])
    for row, c in itertools.product(("CN1", "CN2"), SECTORS):
        table.cells[f"{row}_{c}", "CHN_HFCE"] += 200.0
    with pytest.raises(AccountsError, match="counts CHN twice"):
        read_icio_csv(table.write(tmp_path / "2022.csv"))


def test_the_2021_edition(tmp_path):
    """Codes without letters, one TAXSUB row an economy, VALU, OUTPUT and a column TOTAL."""
    sectors = ["01T02", "24", "45T47"]
    table = Table(sectors=sectors)
    table.corner, table.names = "", ("", "VALU", "OUTPUT", "TOTAL")
    table.tax_rows = [f"{c}_TAXSUB" for c in COUNTRIES]
    read = read_icio_csv(table.write(tmp_path / "ICIO2021_2018.csv"))
    assert (read.year, edition_of(read)) == (2018, "2021 edition")
    accounts = aggregate_icio(read)
    assert accounts.sectors == ("01T02", "24", "SVC")
    flows, _, _ = expected(table, COUNTRIES, list(accounts.sectors), sector=lambda s: "SVC" if s == "45T47" else s)
    np.testing.assert_array_equal(accounts.flows, flows)
    np.testing.assert_array_equal(read.taxes, list(table.taxes.values()))


def test_the_2023_edition_takes_its_elasticities(tmp_path):
    table = Table(sectors=["A01_02", "C24", "G"])
    _, meta = build_world_from_icio_csv(table.write(tmp_path / "2020_SML.csv"))
    assert [s["name"] for s in meta["sectors"]] == [
        "Agriculture and forestry",
        "Basic metals",
        "Services (all)",
    ]
    assert [s["goods"] for s in meta["sectors"]] == [True, True, False]
    assert "2023 edition" in meta["sources"][0]["title"]
    by_sector = {r["sector"]: r for r in meta["elasticities"]["by_sector"]}
    assert by_sector["A01_02"]["theta"] == pytest.approx((3.23810291 + 8.11) / 2)
    assert by_sector["SVC"]["theta"] == pytest.approx(4.194)


def test_final_demand_first_in_the_label(tmp_path):
    table = Table()
    flip = {d: "_".join(reversed(d.split("_"))) for d in table.demand}
    table.demand = list(flip.values())
    table.cells = {(r, flip.get(c, c)): v for (r, c), v in table.cells.items()}
    read = read_icio_csv(table.write(tmp_path / "2011.csv"))
    assert read.economies == tuple(COUNTRIES)


def test_an_archive(table, tmp_path):
    path = tmp_path / "2016-2022_SML.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for year in (2021, 2022):
            archive.write(table.write(tmp_path / f"{year}_SML.csv"), f"{year}_SML.csv")
    assert read_icio_csv(path, 2021).year == 2021
    with pytest.raises(InputError, match="holds 2 tables"):
        read_icio_csv(path)
    with pytest.raises(InputError, match="holds 0 tables of 1999"):
        read_icio_csv(path, 1999)
    (tmp_path / "bad.zip").write_text("x")
    with pytest.raises(InputError, match="not a zip archive"):
        read_icio_csv(tmp_path / "bad.zip")


def test_negative_final_demand_is_set_to_zero_at_unchanged_technique(table, tmp_path):
    table.cells["CHN_C24A", "MEX_INVNT"] -= 100.0
    before = sum(table.cells["CHN_C24A", f"MEX_{f}"] for f in CATEGORIES)
    assert before < 0
    path = table.write(tmp_path / "2022_SML.csv")
    accounts = aggregate_icio(read_icio_csv(path), sectors="all")
    assert_accounts(accounts)
    s, o, d = SECTORS.index("C24A"), COUNTRIES.index("CHN"), COUNTRIES.index("MEX")
    assert accounts.final[s, o, d] == 0
    flows, final, use = expected(table, COUNTRIES, SECTORS)
    output = flows.sum(axis=2)
    clipped = np.maximum(final, 0)
    np.testing.assert_allclose(accounts.final, clipped, rtol=1e-12)
    # Shares of inputs in cost, and of origins in intermediate use, are those of the table.
    new_output = accounts.flows.sum(axis=2)
    np.testing.assert_allclose(accounts.use / new_output, use / output, rtol=1e-10)
    assert (new_output >= output * (1 - 1e-12)).all()
    assert new_output[s, o] - output[s, o] >= -before
    notes = {a["what"].split(" (")[0]: a for a in accounts.adjustments}
    note = notes["negative final demand"]
    assert (note["cells"], note["value"]) == (1, -before)
    assert "C24A CHN→MEX" in note["worst"]
    solved = next(a for a in accounts.adjustments if a["what"].startswith("gross output solved anew"))
    assert solved["value"] == pytest.approx((new_output - output).sum())


def test_inputs_above_output_are_scaled(table, tmp_path):
    lost = table.sales("ROW_G") * 0.2
    table.cells["ROW_A01", "ROW_G"] += table.sales("ROW_G") - table.inputs("ROW_G") + lost
    accounts = aggregate_icio(read_icio_csv(table.write(tmp_path / "2022_SML.csv")), sectors="all")
    assert_accounts(accounts)
    note = next(a for a in accounts.adjustments if a["what"].startswith("inputs above output"))
    assert note["cells"] == 1
    assert note["value"] == pytest.approx(lost, rel=1e-4)
    assert accounts.value_added[SECTORS.index("G"), COUNTRIES.index("ROW")] >= 0


def test_small_gaps_of_the_source_are_reported(table, tmp_path):
    path = table.write(tmp_path / "2022_SML.csv")
    text = path.read_text().splitlines()
    cells = text[1].split(",")
    cells[-1] = str(float(cells[-1]) + 0.5)
    path.write_text("\n".join([text[0], ",".join(cells), *text[2:]]))
    accounts = aggregate_icio(read_icio_csv(path))
    (note,) = accounts.adjustments
    assert (note["cells"], note["value"]) == (1, 0.5)
    assert "CAN_A01 0.5" in note["worst"]


def test_an_industry_without_output_stays_empty(table, tmp_path):
    for label in table.industries:
        table.cells["CAN_T", label] = table.cells[label, "CAN_T"] = 0.0
    for label in table.demand:
        table.cells["CAN_T", label] = 0.0
    table.taxes["CAN_T"] = 0.0
    accounts = aggregate_icio(read_icio_csv(table.write(tmp_path / "2022_SML.csv")), sectors="all")
    t, can = SECTORS.index("T"), COUNTRIES.index("CAN")
    assert accounts.flows[t, can].sum() == accounts.use[:, t, can].sum() == accounts.value_added[t, can] == 0


def damaged(tmp_path, change):
    """Write the table with its lines changed."""
    lines = [list(map(str, line)) for line in Table().lines()]
    path = tmp_path / "2022_SML.csv"
    path.write_text("\n".join(",".join(line) for line in change(lines) or lines) + "\n")
    return path


def put(lines, row, column, value):
    labels = [line[0] for line in lines]
    lines[labels.index(row)][lines[0].index(column)] = value


def drop_row(lines, label):
    return [line for line in lines if line[0] != label]


def rename(lines, old, new):
    lines[0] = [new if c == old else c for c in lines[0]]
    for line in lines[1:]:
        line[0] = new if line[0] == old else line[0]


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda x: drop_row(x, "OUT"), InputError, r"no output row \(OUT\)"),
        (lambda x: drop_row(x, "VA"), InputError, "no value added row"),
        (lambda x: drop_row(x, "MEX_G"), InputError, "column MEX_G is neither an industry"),
        (lambda x: put(x, "MEX_G", "CAN_T", "n.a."), InputError, "'n.a.' in row MEX_G"),
        (lambda x: put(x, "MEX_G", "CAN_HFCE", "1.234,5"), InputError, "cannot be read"),
        (lambda x: put(x, "MEX_G", "CAN_T", ""), InputError, "row MEX_G, column CAN_T, is blank"),
        (lambda x: put(x, "MEX_G", "CAN_T", "inf"), InputError, "row MEX_G, column CAN_T, is"),
        (lambda x: rename(x, "MEX_G", "MEX_T"), InputError, "column MEX_T twice"),
        (lambda x: [*x, x[1]], InputError, "row CAN_A01 twice"),
        (lambda x: put(x, "V1", "CAN_GFCF", "CAN_XXXX"), InputError, "column CAN_XXXX is neither"),
        (lambda x: put(x, "V1", "CAN_GFCF", "remark"), InputError, "label 'remark' is unknown"),
        (lambda x: put(x, "V1", "CAN_A01", "CAN_GFCX"), InputError, "CAN_A01 has no column"),
        (lambda x: [*x, ["note", *x[1][1:]]], InputError, "row label 'note' is unknown"),
        (lambda x: [[line[0], *line[1:21]] for line in x], InputError, "no final demand columns"),
        (lambda x: [line[:2] for line in x], InputError, "wide matrix"),
        (lambda x: put(x, "MEX_G", "OUT", "9999"), AccountsError, "output of MEX_G is 9999"),
        (lambda x: put(x, "VA", "MEX_G", "9999"), AccountsError, "output of MEX_G .* its costs"),
        (lambda x: put(x, "OUT", "MEX_G", "9999"), AccountsError, "output of MEX_G .* the OUT row"),
    ],
)  # fmt: skip
def test_wrong_files(tmp_path, change, kind, message):
    with pytest.raises(kind, match=message):
        read_icio_csv(damaged(tmp_path, change))


def test_negative_inputs_are_refused(table, tmp_path):
    table.cells["CAN_A01", "CAN_A02"] = -3.0
    with pytest.raises(AccountsError, match="intermediate use are negative; the lowest is -3 in row CAN_A01"):
        read_icio_csv(table.write(tmp_path / "2022_SML.csv"))


def test_lost_decimal_points_are_noticed(table, tmp_path):
    """A damaged copy of the 2020 table is about in which numbers lost their decimal point."""
    path = table.write(tmp_path / "2022_SML.csv")
    lines = [line.split(",") for line in path.read_text().splitlines()]
    lines[3][7:12] = [f"{float(x) * 1000:.0f}" for x in lines[3][7:12]]
    path.write_text("\n".join(",".join(line) for line in lines))
    with pytest.raises(AccountsError, match="decimal points may be lost"):
        read_icio_csv(path)


def test_wrong_requests(table, tmp_path):
    path = table.write(tmp_path / "2022_SML.csv")
    read = read_icio_csv(path)
    for arguments, message in (
        ({"countries": ["CAM"]}, "no country 'CAM'.*CAN"),
        ({"countries": ["CAN", "CAN"]}, "CAN twice"),
        ({"countries": "CAN"}, "give a list"),
        ({"sectors": {"C24": "METALS"}}, "no sector 'C24'.*C24A"),
        ({"countries": {"MEX": "CAN"}}, "group code 'CAN' is also a country outside the group"),
        ({"sectors": {"T": "G"}}, "group code 'G' is also a sector outside the group"),
        ({"sectors": "goods"}, '"all", or a mapping'),
    ):
        with pytest.raises(InputError, match=message):
            aggregate_icio(read, **arguments)
    with pytest.raises(InputError, match="there is no file"):
        read_icio_csv(tmp_path / "missing.csv")
    with pytest.raises(InputError, match="does not tell the year"):
        read_icio_csv(path.rename(tmp_path / "table.csv"))
    assert read_icio_csv(tmp_path / "table.csv", 2022).year == 2022


def test_a_world_file_from_the_table(table, tmp_path):
    path = table.write(tmp_path / "2022_SML.csv")
    arrays, meta = build_world_from_icio_csv(
        path, countries=["CAN", "MEX"], elasticity={"A01": 4.0}, population={"CAN": 39e6}
    )
    assert meta["name"] == "oecd-icio-2022-3x4"
    assert [c["code"] for c in meta["countries"]] == ["CAN", "MEX", "ROW"]
    assert meta["sectors"][2] == {
        "code": "C24A",
        "name": "Iron and steel",
        "goods": True,
        "members": ["C24A"],
    }
    # G 4.194; T has no estimate.
    np.testing.assert_allclose(arrays["elasticity"], [4.0, 8.11, 3.4562068, 4.194])
    assert meta["elasticities"]["by_sector"][0]["source"] == "given by the user"
    assert meta["elasticities"]["by_sector"][3]["without"] == ["T"]
    assert arrays["population"][0] == 39e6
    assert np.isnan(arrays["population"][1:]).all()
    assert not arrays["tariffs"].any()
    write_world(tmp_path / "w.npz", arrays, meta)
    again, same = read_arrays(tmp_path / "w.npz")
    assert same == meta
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array)
    uniform, meta = build_world_from_icio_csv(path, elasticity=5, sectors="all")
    np.testing.assert_array_equal(uniform["elasticity"], np.full(5, 5.0))
    for arguments, message in (
        ({"elasticity": {"A09": 4.0}}, "unknown sector 'A09'"),
        ({"elasticity": -1}, "positive"),
        ({"population": {"CAM": 1.0}}, "unknown country 'CAM'"),
    ):
        with pytest.raises(InputError, match=message):
            build_world_from_icio_csv(path, **arguments)


def test_sectors_without_an_estimate_take_the_mean_of_their_kind(table, tmp_path):
    arrays, meta = build_world_from_icio_csv(table.write(tmp_path / "2022_SML.csv"), sectors="all")
    assert arrays["elasticity"][4] == arrays["elasticity"][3] == 4.194
    record = meta["elasticities"]["by_sector"][4]
    assert (record["quality"], record["without"]) == ("placeholder", ["T"])
    only = Table(sectors=["A01", "T"])
    with pytest.raises(InputError, match=r"no trade elasticity is known for sector SVC \(T\)"):
        build_world_from_icio_csv(only.write(tmp_path / "2021_SML.csv"))


def test_mean_elasticity_is_weighted_by_trade(table, tmp_path):
    path = table.write(tmp_path / "2022_SML.csv")
    arrays, meta = build_world_from_icio_csv(path, sectors={"A01": "FARM", "A02": "FARM", "T": "G", "G": "G"})
    abroad = dict.fromkeys(SECTORS, 0.0)
    for (row, column), value in table.cells.items():
        if row[:3] != column[:3]:
            abroad[row[4:]] += value
    wanted = (3.23810291 * abroad["A01"] + 8.11 * abroad["A02"]) / (abroad["A01"] + abroad["A02"])
    assert arrays["elasticity"][0] == pytest.approx(wanted, rel=1e-12)
    assert meta["elasticities"]["by_sector"][0]["quality"] == "mean"


@pytest.mark.parametrize("method", ["is_file", "open"])
def test_a_table_in_a_closed_folder(table, tmp_path, monkeypatch, method):
    path = table.write(tmp_path / "2022_SML.csv")

    def closed(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), method, closed)
    with pytest.raises(InputError, match=r"cannot (look at|read) .*2022_SML\.csv: Permission denied"):
        read_icio_csv(path)


def test_a_group_of_goods_and_services_is_noted_as_in_an_aggregate(table, tmp_path):
    path = table.write(tmp_path / "2022_SML.csv")
    fine = sx.World.from_icio_csv(path, sectors="all")
    groups = {"A01": "X", "A02": "X", "G": "X", "C24A": "Y", "T": "Y"}
    coarse = sx.World.from_icio_csv(path, sectors=groups)
    other = fine.aggregate(sectors={"X": ["A01", "A02", "G"], "Y": ["C24A", "T"]})
    np.testing.assert_array_equal(coarse.goods, other.goods)
    (note,), (same,) = ([a for a in w.adjustments if "mixes goods" in a.what] for w in (coarse, other))
    assert note.cells == 2
    assert (note.what, note.worst) == (same.what, same.worst)
    # trade abroad of the part that does not count, read from the cells
    abroad = dict.fromkeys(SECTORS, 0.0)
    for (row, column), value in table.cells.items():
        abroad[row[4:]] += value * (row[:3] != column[:3])
    x = min(abroad["A01"] + abroad["A02"], abroad["G"])
    y = min(abroad["C24A"], abroad["T"])
    assert note.value == pytest.approx(x + y, rel=1e-6)
    assert same.value == pytest.approx(x + y, rel=1e-6)


def test_codes():
    assert divisions("A01_02") == divisions("D01T02") == divisions("01T02") == {1, 2}
    assert divisions("C241_2431") == {24}
    assert divisions("nonsense") == frozenset()
    assert is_good("C31T33")
    assert is_good("05T06")
    assert not is_good("D")
    assert not is_good("35")
    assert sector_name("24") == "Basic metals"
    assert sector_name("C30X301") == "Aircraft, trains and other transport equipment"
    assert sector_name("41T43") == "Construction"
    assert sector_name("XYZ") == "XYZ"
