"""`surtax build-world`: a world file from the OECD's own table."""

from __future__ import annotations

from pathlib import Path

import click

from surtax.errors import InputError


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
    from surtax.cli.run import progress
    from surtax.world import World
    from surtax.world.files import write_world
    from surtax.world.icio import build_world_from_icio_csv

    if output.suffix != ".npz":
        raise InputError(f"{output}: a world file ends in .npz.")
    if not output.parent.exists():
        raise InputError(f"the folder {output.parent} does not exist; create it first.")
    country_groups = _grouping(countries)
    sector_groups = "all" if sectors == "all" else _grouping(sectors)
    with progress("reading the table") as say:
        arrays, meta = build_world_from_icio_csv(
            table, year=year, name=name or output.stem, countries=country_groups, sectors=sector_groups
        )
        say("writing the world")
        write_world(output, arrays, meta)
        world = World.load(output)
    click.echo(f"wrote {output}: {len(world.countries)} countries × {len(world.sectors)} sectors")
    for a in world.adjustments:
        click.echo(f"  {a.what}: {a.cells} cells, {a.value:.6g}")


def _grouping(path: str | None) -> dict[str, str] | None:
    if path is None:
        return None
    import csv

    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not {"code", "group"} <= set(reader.fieldnames or ()):
                raise InputError(f"{path}: the first line should name the columns code and group.")
            return {row["code"].strip(): row["group"].strip() for row in reader}
    except OSError as problem:
        raise InputError(f"cannot read {path}: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file in UTF-8.") from None
