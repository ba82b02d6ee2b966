"""`surtax worlds`, `surtax scenarios`, `surtax show`."""

from __future__ import annotations

import click

from surtax.errors import InputError, nearest


@click.command()
def worlds() -> None:
    """List the worlds that ship with the package."""
    from surtax.world import load_world, world_names

    for name in world_names():
        world = load_world(name)
        click.echo(
            f"{name:<20} {world.meta.get('title', '')}  ({len(world.countries)} countries × {len(world.sectors)} "
            f"sectors)"
        )


@click.command()
def scenarios() -> None:
    """List the scenarios that ship with the package."""
    from surtax.policy.library import load_scenario, scenario_names

    names = scenario_names()
    width = max(map(len, names), default=0) + 2
    for name in names:
        click.echo(f"{name:<{width}}{load_scenario(name).title}")


@click.command()
@click.argument("name")
def show(name: str) -> None:
    """Describe the world or scenario NAME (or a file of either kind)."""
    from surtax.policy.library import load_scenario, scenario_names
    from surtax.report.describe import print_scenario, print_world
    from surtax.world import load_world, world_names

    if name in world_names() or name.endswith(".npz"):
        print_world(load_world(name))
    elif name in scenario_names() or name.endswith((".yaml", ".yml")):
        print_scenario(load_scenario(name))
    else:
        known = (*world_names(), *scenario_names())
        hint = nearest(name, known) or f"; known: {', '.join(known)}"
        raise InputError(f"no world or scenario is called {name!r}{hint}")
