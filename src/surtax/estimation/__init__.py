"""Trade elasticities estimated from a user's table of trade and tariffs.

The room knows tables and regressions: gravity by PPML with fixed effects (`ppml`), and the triads of Caliendo & Parro
(`triad`). It does not know what the model makes of θ.
"""

from surtax.estimation.ppml import ppml
from surtax.estimation.result import Estimate, Estimation
from surtax.estimation.table import Flows, flows, read_table
from surtax.estimation.triad import triad

__all__ = ["Estimate", "Estimation", "Flows", "flows", "ppml", "read_table", "triad"]
