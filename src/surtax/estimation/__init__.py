"""Trade elasticities estimated from a user's table of trade and tariffs.

The room knows tables and regressions: gravity by PPML with fixed effects (`ppml`), and the triads of Caliendo & Parro
(`triad`). Borders from flows
with sales at home (`border_effect`). It does not know what the model makes of θ.
"""

from surtax.estimation.borders import BorderEffect, border_effect
from surtax.estimation.poisson import ppml
from surtax.estimation.result import Estimate, Estimation
from surtax.estimation.table import Flows, flows, read_table
from surtax.estimation.triads import triad

__all__ = ["BorderEffect", "Estimate", "Estimation", "Flows", "border_effect", "flows", "ppml", "read_table", "triad"]
