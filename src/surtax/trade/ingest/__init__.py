"""Trade files of a user's own, read into `surtax.trade.Lines`: nothing here goes to the network.

| reader | files |
|---|---|
| `read_baci` | CEPII BACI: `BACI_HS17_Y2022_V202501.csv` with its `country_codes_V….csv`, or its zip |
| `read_comtrade` | UN Comtrade: JSON or CSV of the API, CSV of the web site, tab-separated bulk files |
| `read_census` | US Census Bureau, International Trade API: JSON, a list of lists |
| `read_statcan` | Statistics Canada, Canadian International Merchandise Trade: `ODPFN014_….csv`, or its yearly zip |

Importing this package loads polars; nothing else of Surtax imports it.
"""

from __future__ import annotations

from surtax.trade.ingest.baci import read_baci
from surtax.trade.ingest.census import read_census
from surtax.trade.ingest.comtrade import read_comtrade
from surtax.trade.ingest.statcan import read_statcan

__all__ = ["read_baci", "read_census", "read_comtrade", "read_statcan"]
