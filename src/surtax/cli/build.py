"""`surtax build-world`: a world file from the OECD's own table."""

from __future__ import annotations

from pathlib import Path

import click

from surtax.cli.shared import progress
from surtax.csvfile import read_rows
from surtax.errors import InputError, is_folder


@click.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE.npz",
              help="World file to write.")  # fmt: skip
@click.option("--year", type=int, default=None, help="Year of the accounts (default: from the file name).")
@click.option("--countries", default=None, metavar="FILE.csv",
              help="Grouping of countries: columns code,group. The default keeps every economy.")  # fmt: skip
@click.option("--sectors", default=None, metavar="FILE.csv|all",
              help="Grouping of sectors: columns code,group; or all. Default: 27 goods, services.")  # fmt: skip
@click.option("--name", default="", help="Short name of the world.")
def build_world(
    table: Path, output: Path, year: int | None, countries: str | None, sectors: str | None, name: str
) -> None:
    """Make a world file from an OECD ICIO table TABLE (CSV or zip, as published), any year and aggregation.

    `surtax run … --world FILE.npz` then uses it. The OECD's tables hold no
    tariffs: the file has none, and says so.
    """
    from surtax.world.files import write_world
    from surtax.world.icio import build_world_from_icio_csv
    from surtax.world.library import world_of

    if output.suffix != ".npz":
        raise InputError(f"{output}: a world file ends in .npz.")
    if not is_folder(output.parent):
        raise InputError(f"the folder {output.parent} does not exist; create it first.")
    country_groups = _grouping(countries)
    sector_groups = "all" if sectors == "all" else _grouping(sectors)
    with progress("reading the table") as say:
        arrays, meta = build_world_from_icio_csv(
            table, year=year, name=name or output.stem, countries=country_groups, sectors=sector_groups
        )
        say("checking the accounts")
        world = world_of(arrays, meta, str(table))
        say("writing the world")
        write_world(output, arrays, meta)
    click.echo(f"wrote {output}: {len(world.countries)} countries × {len(world.sectors)} sectors")
    for a in world.adjustments:
        worst = f" ({a.worst})" if a.worst else ""
        click.echo(f"  {a.what}: {a.cells} cells, {a.value:.6g}{worst}")


def _grouping(path: str | None) -> dict[str, str] | None:
    if path is None:
        return None
    found: dict[str, str] = {}
    for place, row in read_rows(Path(path), ("code", "group")):
        if row["code"] in found:
            raise InputError(f"{place}: code {row['code']!r} stands twice: a code belongs to one group.")
        found[row["code"]] = row["group"]
    if not found:
        raise InputError(f"{path} has no rows.")
    return found
