"""Accounts of countries × sectors: labelled, immutable, checked; and the readers that make them.

The room knows what was produced, traded, bought and taxed in a base year. It does not know where a tariff comes from
in law, nor how an equilibrium is found.
"""

from surtax.world.library import load_world, world_names
from surtax.world.world import Adjustment, World

__all__ = ["Adjustment", "World", "load_world", "world_names"]
