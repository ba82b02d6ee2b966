"""Metal content by product: shares of steel, aluminium and copper in the value of each ten-digit product.

BEA's industry averages (2017 input-output detail) by way of Budget-Lab-Yale/tariff-rate-tracker (MIT): the best
that is public, and no statement about any consignment.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tools.build_data.common import DATA, no_options, read_rows

METALS = ("steel", "aluminum", "copper")


def run(sources: Path, arguments: list[str]) -> None:
    """Write `data/trade/metal_content.npz`."""
    from surtax.world.files import write_world

    no_options("metal-content", arguments)
    rows = read_rows(sources / "law" / "us" / "lists" / "metal_content_shares_bea_hs10.csv.gz")
    # Where the source knows no industry it writes zero for every metal and one for their sum: a gap, no content of
    # zero. Secondary smelting, scrap and used goods are such; readers then take the mean of the six or four digits.
    blank = [r for r in rows if not any(float(r[f"{m}_share"]) for m in (*METALS, "other_metal"))]
    gone = {r["hs10"] for r in blank if float(r["metal_share"])}
    rows = sorted((r for r in rows if r["hs10"] not in gone), key=lambda r: r["hs10"])
    shares = np.array([[float(r[f"{m}_share"]) for m in METALS] for r in rows])
    # Industries, not products, have shares: a few hundred distinct rows stand for twenty thousand products.
    distinct, which = np.unique(np.round(shares, 6), axis=0, return_inverse=True)
    meta = {
        "title": "Metal content of products, shares of value",
        "metals": list(METALS),
        "source": "BEA input-output accounts, through Budget-Lab-Yale/tariff-rate-tracker",
        "licence": "public domain; MIT",
        "build": "python -m tools.build_data metal-content",
        "note": "averages of the industry that makes a product; no statement about any consignment",
        "left_out": f"{len(gone)} products of which the source knows no industry, chapters 98 and 99 among them",
        "format": "surtax-metal-content/1",
    }
    arrays = {
        "codes": np.array([int(r["hs10"]) for r in rows], dtype=np.int64),
        "which": which.astype(np.int16).ravel(),
        "shares": distinct,
    }
    path = DATA / "trade" / "metal_content.npz"
    write_world(path, arrays, meta)
    print(f"{path.name}: {len(rows)} products, {len(distinct)} distinct rows; {json.dumps(meta['metals'])}")
