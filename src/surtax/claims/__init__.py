"""What is said about a trade dispute, computed: statements as data, their readings, values with ranges, and a verdict.

| module | what it does |
|---|---|
| `schema` | what a claim file may say |
| `figures` | published figures, each with year, unit and source |
| `expression` | arithmetic on figures and results, with ranges |
| `measured` | the experiments that a claim may ask for |
| `check` | readings, values, verdict |

A verdict is derived from the readings by one rule for all claims; it never goes beyond them.
"""

from surtax.claims.check import Checked, Reading, check, claim_names, load_claim

__all__ = ["Checked", "Reading", "check", "claim_names", "load_claim"]
