"""Published numbers, each with its place, and which ICIO sector each belongs to.

The printed tables were not at hand: numbers are from general knowledge of them and from the copies named below; what
no copy confirms is said to be unverified.
"""

from __future__ import annotations

from typing import Any

CP_PAPER = "Caliendo & Parro (2015)"
BOC_PAPER = "Charbonneau & Landry (2018)"

# Caliendo & Parro (2015), Review of Economic Studies 82(1), Table 1: θ and robust standard error in the full sample,
# then in the 99 % sample. The θ of the 99 % sample agree with the authors' own file of values (T.txt) but for Auto and
# Other Transport, for which that file has 8.22. The full sample agrees to one decimal with Table 1 of Charbonneau &
# Landry (2018), which repeats it (CP_BOTH). The standard errors of the 99 % sample are from general
# knowledge of the table and unverified; they are marked reported.
CP: dict[str, tuple[float, float, float, float]] = {
    "Agriculture": (8.11, 1.86, 9.11, 2.01),
    "Mining": (15.72, 2.76, 13.53, 3.67),
    "Food": (2.55, 0.61, 2.62, 0.61),
    "Textile": (5.56, 1.14, 8.10, 1.28),
    "Wood": (10.83, 2.53, 11.50, 2.87),
    "Paper": (9.07, 1.69, 16.52, 2.65),
    "Petroleum": (51.08, 18.05, 64.85, 15.61),
    "Chemicals": (4.75, 1.77, 3.13, 1.78),
    "Plastic": (1.66, 1.41, 1.67, 2.23),
    "Minerals": (2.76, 1.44, 2.41, 1.60),
    "Basic metals": (7.99, 2.53, 3.28, 2.51),
    "Metal products": (4.30, 2.15, 6.99, 2.12),
    "Machinery n.e.c.": (1.52, 1.81, 1.45, 2.80),
    "Office": (12.79, 2.14, 12.95, 4.53),
    "Electrical": (10.60, 1.38, 12.91, 1.64),
    "Communication": (7.07, 1.72, 3.95, 1.77),
    "Medical": (8.98, 1.25, 8.71, 1.56),
    "Auto": (1.01, 0.80, 1.84, 0.92),
    "Other Transport": (0.37, 1.08, 0.39, 1.08),
    "Other": (5.00, 0.92, 3.98, 1.08),
}

# ISIC Rev. 3 rows of the paper to ISIC Rev. 4 sectors of the ICIO. direct: the same industry; approximate: a wider or
# neighbouring one; aggregated: the mean of several.
CP_MAP: dict[str, tuple[tuple[str, ...], str]] = {
    "A01": (("Agriculture",), "approximate"),
    "A02": (("Agriculture",), "approximate"),
    "A03": (("Agriculture",), "approximate"),
    "B05": (("Mining",), "approximate"),
    "B06": (("Mining",), "approximate"),
    "B07": (("Mining",), "approximate"),
    "B08": (("Mining",), "approximate"),
    "B09": (("Mining",), "approximate"),
    "C10T12": (("Food",), "direct"),
    "C13T15": (("Textile",), "direct"),
    "C16": (("Wood",), "direct"),
    "C17_18": (("Paper",), "direct"),
    "C19": (("Petroleum",), "direct"),
    "C20": (("Chemicals",), "approximate"),
    "C21": (("Chemicals",), "approximate"),
    "C22": (("Plastic",), "direct"),
    "C23": (("Minerals",), "direct"),
    "C24A": (("Basic metals",), "approximate"),
    "C24B": (("Basic metals",), "approximate"),
    "C25": (("Metal products",), "direct"),
    "C26": (("Office", "Communication", "Medical"), "aggregated"),
    "C27": (("Electrical",), "direct"),
    "C28": (("Machinery n.e.c.",), "direct"),
    "C29": (("Auto",), "direct"),
    "C301": (("Other Transport",), "approximate"),
    "C302T309": (("Other Transport",), "approximate"),
    "C31T33": (("Other",), "approximate"),
}

# Charbonneau & Landry (2018), Estimating the Impacts of Tariff Changes, Bank of Canada, Table 1: θ and standard error
# on data of 2016, then those of Caliendo & Parro on data of 1993; transcribed in github p-l-jiang/IPT-Model @ f91c82bc,
# config/parameters/boc2018_trade_elasticities.csv.
BOC: dict[str, tuple[float, float, float, float]] = {
    "Other energy": (69.1, 5.6, 51.1, 18.1),
    "Ores": (43.0, 9.4, 15.7, 2.8),
    "Pharmacy": (29.4, 4.4, 4.8, 1.8),
    "Oil and gas": (18.2, 2.1, 51.1, 18.1),
    "Wood": (15.8, 1.0, 10.8, 2.5),
    "Machinery, n.e.c.": (13.0, 2.5, 1.5, 1.8),
    "Electrical machinery": (12.3, 3.5, 10.6, 1.4),
    "Medical and communication": (9.8, 4.4, 7.1, 1.7),
    "Metals (fabricated)": (9.6, 2.2, 4.3, 2.2),
    "Paper": (9.1, 1.8, 9.1, 1.7),
    "Other transportation": (8.7, 0.6, 0.4, 1.1),
    "Printing": (8.3, 2.2, 9.1, 1.7),
    "Recyclable": (7.6, 1.4, 5.0, 0.9),
    "Metals (intermediate)": (6.2, 1.9, 8.0, 2.5),
    "Rubber": (5.0, 2.2, 1.7, 1.4),
    "Auto": (4.5, 2.3, 1.0, 0.8),
    "Aircraft": (3.5, 3.1, 0.4, 1.1),
    "Non-metal products": (3.0, 1.4, 2.8, 1.4),
    "Other manufacturing, n.e.c.": (2.9, 1.9, 5.0, 0.9),
    "Chemicals": (2.2, 1.8, 4.8, 1.8),
    "Non-metals": (1.9, 1.7, 15.7, 2.8),
    "Clothing": (1.7, 1.0, 5.6, 1.1),
    "Food": (1.5, 0.4, 2.6, 0.6),
    "Farm": (1.1, 0.2, 8.1, 1.9),
}
# θ over its standard error above which the estimate of 2016 is taken, two-sided five per cent.
BOC_PICKED = 1.96

BOC_MAP: dict[str, tuple[tuple[str, ...], str]] = {
    "A01": (("Farm",), "approximate"),
    "A02": (("Wood",), "approximate"),
    "A03": (("Farm",), "approximate"),
    "B05": (("Other energy",), "approximate"),
    "B06": (("Oil and gas",), "direct"),
    "B07": (("Ores",), "direct"),
    "B08": (("Non-metals",), "direct"),
    "B09": (("Oil and gas",), "approximate"),
    "C10T12": (("Food",), "direct"),
    "C13T15": (("Clothing",), "direct"),
    "C16": (("Wood",), "direct"),
    "C17_18": (("Paper", "Printing"), "aggregated"),
    "C19": (("Other energy",), "approximate"),
    "C20": (("Chemicals",), "direct"),
    "C21": (("Pharmacy",), "direct"),
    "C22": (("Rubber",), "direct"),
    "C23": (("Non-metal products",), "direct"),
    "C24A": (("Metals (intermediate)",), "approximate"),
    "C24B": (("Metals (intermediate)",), "approximate"),
    "C25": (("Metals (fabricated)",), "direct"),
    "C26": (("Medical and communication",), "direct"),
    "C27": (("Electrical machinery",), "direct"),
    "C28": (("Machinery, n.e.c.",), "direct"),
    "C29": (("Auto",), "direct"),
    "C301": (("Other transportation",), "approximate"),
    "C302T309": (("Aircraft", "Other transportation"), "aggregated"),
    "C31T33": (("Other manufacturing, n.e.c.",), "direct"),
}

# The same estimates of Caliendo & Parro as the Bank's table prints them, to one decimal.
CP_BOTH: dict[str, tuple[float, float]] = {
    "Agriculture": (8.1, 1.9), "Mining": (15.7, 2.8), "Food": (2.6, 0.6), "Textile": (5.6, 1.1), "Wood": (10.8, 2.5),
    "Paper": (9.1, 1.7), "Petroleum": (51.1, 18.1), "Chemicals": (4.8, 1.8), "Plastic": (1.7, 1.4),
    "Minerals": (2.8, 1.4), "Basic metals": (8.0, 2.5), "Metal products": (4.3, 2.2), "Machinery n.e.c.": (1.5, 1.8),
    "Electrical": (10.6, 1.4), "Communication": (7.1, 1.7), "Auto": (1.0, 0.8), "Other Transport": (0.4, 1.1),
    "Other": (5.0, 0.9),
}  # fmt: skip

_GAPS = "Sectors that the set lacks (services, electricity, water) take the value of fgo, marked assumed."
SETS: dict[str, dict[str, Any]] = {
    "fgo": {
        "title": "Fontagné, Guimbard & Orefice (2022) and others, by ICIO sector (the default)",
        "definition": "minus the authors' ε by ICIO sector, a coefficient on ln(1 + tariff) pooled over the sector's "
        "products; taken as θ",
        "citation": "Fontagné, Guimbard & Orefice (2022), Tariff-based product-level trade elasticities, Journal of "
        "International Economics 137; services: Ahmad & Schreiber (2024), US International Trade Commission; gaps: "
        "Bachmann, Baqaee et al. (2024)",
        "licence": "published numbers; ProTEE and its sector tables: Etalab 2.0",
        "note": "No standard errors by sector are at hand. O and T have no estimate.",
    },
    "caliendo-parro-2015": {
        "title": "Caliendo & Parro (2015), Table 1, 99 % sample",
        "definition": "minus the coefficient of the triad regression on tariffs (eq. 23), read as θ by the authors",
        "citation": "Caliendo & Parro (2015), Estimates of the Trade and Welfare Effects of NAFTA, Review of Economic "
        "Studies 82(1), Table 1",
        "licence": "published numbers",
        "note": "Data of 1993, 16 economies. The authors' own simulations put 8.22 in the place of Auto (1.84) and "
        "Other Transport (0.39): that is the set in-sample of their data. The standard errors of this sample are "
        f"reported: no second copy was at hand to check them. {_GAPS}",
    },
    "caliendo-parro-2015-full": {
        "title": "Caliendo & Parro (2015), Table 1, full sample",
        "definition": "as caliendo-parro-2015",
        "citation": "Caliendo & Parro (2015), Review of Economic Studies 82(1), Table 1",
        "licence": "published numbers",
        "note": "Values and standard errors agree with the copy in Charbonneau & Landry (2018), Table 1, to its one "
        f"decimal, but for Office and Medical, which that copy lacks. {_GAPS}",
    },
    "boc": {
        "title": "Bank of Canada (2018): 2016 where significant, else 1993",
        "definition": "as caliendo-parro-2015, estimated anew on data of 2016",
        "citation": "Charbonneau & Landry (2018), Estimating the Impacts of Tariff Changes, Bank of Canada, Table 1",
        "licence": "published numbers",
        "note": "The estimate of 2016 where θ over its standard error exceeds 1.96, else Caliendo & Parro's of 1993 "
        f"(clothing, chemicals, autos, aircraft, other manufacturing, non-metallic mining). {_GAPS}",
    },
    "boc-2016": {
        "title": "Bank of Canada (2018), all estimates of 2016",
        "definition": "as caliendo-parro-2015, estimated anew on data of 2016",
        "citation": "Charbonneau & Landry (2018), Bank of Canada, Table 1",
        "licence": "published numbers",
        "note": f"Also those that do not differ from zero. {_GAPS}",
    },
    "protee": {
        "title": "ProTEE 0.1 (CEPII) by HS6, weighted by US imports of 2024",
        "definition": "mean of σ − 1 over the sector's products, σ being minus the product's coefficient on "
        "ln(1 + tariff) for import values before duty",
        "citation": "Fontagné, Guimbard & Orefice (2022), Journal of International Economics 137; CEPII, Product Level "
        "Trade Elasticities (ProTEE) 0.1",
        "licence": "Etalab 2.0, CEPII",
        "note": "Means are pulled up by products with very large σ (lignite 132, natural gas 92). Estimates that "
        "the authors did not find to be negative at one per cent are averages of their heading. No standard errors in "
        f"the file. {_GAPS}",
    },
}
