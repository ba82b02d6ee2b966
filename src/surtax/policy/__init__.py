"""What governments do: scenarios, and later players, objectives and games.

The room knows who taxes whose goods. It does not know how a model lays out its arrays beyond the plain `Schedule`.
"""

from surtax.policy.scenario import Change, LeftOut, Measure, Scenario
from surtax.policy.schedule import Schedule

__all__ = ["Change", "LeftOut", "Measure", "Scenario", "Schedule"]
