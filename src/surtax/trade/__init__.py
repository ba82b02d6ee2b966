"""Trade by product: the flows that ship, claims of preference, vintages of the Harmonized System, sectors.

    from surtax import trade
    lines = trade.load_us_imports()
    lines.select(origin="CAN").total()

Files of a user's own are read by `surtax.trade.ingest`, which is imported only where it is asked for.
"""

from __future__ import annotations

from surtax.trade.flows import (
    Claims,
    CountryCodes,
    Coverage,
    ListedExports,
    MonthClaims,
    country,
    country_codes,
    load_claims,
    load_eu_members,
    load_us_exports_canada,
    load_us_imports,
)
from surtax.trade.lines import Lines, from_rows
from surtax.trade.vintages import Conversion, Unmatched, convert, counterparts, line_sectors, sector_of, unmatched

__all__ = [
    "Claims",
    "Conversion",
    "CountryCodes",
    "Coverage",
    "Lines",
    "ListedExports",
    "MonthClaims",
    "Unmatched",
    "convert",
    "counterparts",
    "country",
    "country_codes",
    "from_rows",
    "line_sectors",
    "load_claims",
    "load_eu_members",
    "load_us_exports_canada",
    "load_us_imports",
    "sector_of",
    "unmatched",
]
