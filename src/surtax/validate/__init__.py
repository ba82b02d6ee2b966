"""The scoreboard: what others published, what Surtax computes, and whether the two agree.

A *study* is a module of this room: it knows the numbers of one publication, the format of the data behind them and
the model that makes them. It exposes `needs`, the files that it reads (`surtax.validate.inputs.Needed`), and
`rows(folder)`, which computes its lines (`surtax.validate.row.Row`). The numbers themselves, with their sources and
tolerances, stand in `data/literature/published.csv`. docs/validate.md says what the scoreboard shows.

The room asks models, worlds, scenarios, trade and law; only the command line and the report ask it.
"""

from surtax.validate.row import Cell, Row
from surtax.validate.studies import STUDIES, Scoreboard, run

__all__ = ["STUDIES", "Cell", "Row", "Scoreboard", "run"]
