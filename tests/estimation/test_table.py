"""Tables of trade and tariffs: what is read, and what is refused with file and line."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from surtax.errors import InputError
from surtax.estimation import flows, read_table
from surtax.estimation.table import Columns
from tests.estimation.data import as_csv, gravity

HEAD = "exporter,importer,sector,value,tariff\n"


def test_a_csv_table_is_read_as_it_was_written(tmp_path):
    table = gravity(1, countries=5, theta=(4.0, 2.0), years=2, missing=(3,))
    (tmp_path / "t.csv").write_text(as_csv(table))
    read = read_table(tmp_path / "t.csv")
    assert (read.countries, read.sectors, read.years) == (table.countries, table.sectors, table.years)
    for name in ("exporter", "importer", "sector", "year"):
        np.testing.assert_array_equal(getattr(read, name), getattr(table, name))
    np.testing.assert_array_equal(read.value, table.value)
    np.testing.assert_allclose(read.tariff, table.tariff, rtol=1e-15)  # times and over one hundred
    assert (read.source, read.tariff_unit) == ("t.csv", "per cent")


def test_parquet_and_other_names_and_shares(tmp_path):
    frame = pl.DataFrame(
        {
            "o": ["A", "A", "B"],
            "d": ["B", "C", "A"],
            "x": [1.0, None, 3.0],
            "rate": [0.25, 0.0, 0.1],
            "km": [10, 20, 10],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    columns = Columns(exporter="o", importer="d", value="x", tariff="rate", log_controls=("km",))
    read = read_table(tmp_path / "t.parquet", columns, "share")
    assert read.sectors == ("*",)
    assert read.tariff.tolist() == [0.25, 0.0, 0.1]
    assert np.isnan(read.value[1])
    np.testing.assert_allclose(read.controls["km"], np.log([10, 20, 10]))


def test_missing_is_missing_and_zero_is_zero(tmp_path):
    (tmp_path / "t.csv").write_text(HEAD + "A,B,x,0,5\nA,C,x,,5\nB,A,x,NA,5\nNA,A,x,3,\n")
    read = read_table(tmp_path / "t.csv")
    assert read.value[0] == 0
    assert np.isnan(read.value[1:3]).all()
    assert np.isnan(read.tariff[3])
    assert "NA" in read.countries  # Namibia


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "first line should name the columns exporter and importer"),
        ("exporter,importer,value\nA,B,3\n", "first line should name .* tariff"),
        (HEAD, "has no rows"),
        (HEAD + "A,B,x,3,5\nA,C,x,much,5\n", r"t.csv, line 3: value is 'much', not a number"),
        (HEAD + 'A,B,x,"3,5",5\n', "line 2: value is '3,5', not a number: write decimals with a point"),
        (HEAD + "A,B,x,3,5,5\n", "line 2: 6 cells for 5 columns"),
        (HEAD + "A,B,x,-3,5\n", "line 2: value is -3, below zero"),
        (HEAD + "A,B,x,3,-5\n", "line 2: tariff is -5, below zero"),
        (HEAD + "A,B,x,inf,5\n", "line 2: value is infinite"),
        (HEAD + "A,,x,3,5\n", "line 2: nothing stands under importer"),
        (HEAD + "A,B,x,3,5\nB,A,x,3,5\nA,B,x,4,5\n", "line 4: the flow A B x stands twice, first in .*line 2"),
        (HEAD + "A,B,x,3,0.25\nB,A,x,3,0.1\n", "largest tariff is 0.25.*look like shares.*--tariffs share"),
    ],
)
def test_bad_tables(tmp_path, content, message):
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        read_table(tmp_path / "t.csv")


def test_units_are_believed_when_stated(tmp_path):
    (tmp_path / "t.csv").write_text(HEAD + "A,B,x,3,0.25\n")
    assert read_table(tmp_path / "t.csv", tariffs="percent").tariff[0] == 0.0025
    assert read_table(tmp_path / "t.csv", tariffs="share").tariff[0] == 0.25
    (tmp_path / "t.csv").write_text(HEAD + "A,B,x,3,25\n")
    with pytest.raises(InputError, match="2500 per cent: are these per cent"):
        read_table(tmp_path / "t.csv", tariffs="share")
    with pytest.raises(InputError, match="percent or share"):
        read_table(tmp_path / "t.csv", tariffs="factor")


def test_named_columns_have_to_be_there(tmp_path):
    (tmp_path / "t.csv").write_text(HEAD + "A,B,x,3,25\n")
    with pytest.raises(InputError, match=r"first line should name .*industry"):
        read_table(tmp_path / "t.csv", Columns(sector="industry"))
    pl.DataFrame({"exporter": ["A"], "importer": ["B"], "value": [1.0]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match="no column 'tariff'"):
        read_table(tmp_path / "t.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError, match="does not read as Parquet"):
        read_table(tmp_path / "bad.parquet")
    with pytest.raises(InputError, match="no such file"):
        read_table(tmp_path / "none.parquet")
    with pytest.raises(InputError, match="cannot read"):
        read_table(tmp_path / "none.csv")


def test_logarithms_of_nothing_are_refused():
    rows = [("row 1", {"exporter": "A", "importer": "B", "value": 1, "tariff": 5, "distance": 0})]
    with pytest.raises(InputError, match="row 1: distance is 0, of which no logarithm"):
        flows(rows, Columns(log_controls=("distance",)))
