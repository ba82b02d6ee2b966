"""Metal content of products, by industry averages."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

METALS = ("steel", "aluminum", "copper")


@lru_cache(maxsize=1)
def _table() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    path = Path(__file__).resolve().parent.parent / "data" / "trade" / "metal_content.npz"
    with np.load(path) as file:
        return file["codes"], file["shares"][file["which"]]


def metal_content(codes: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Return the shares of steel, aluminium and copper in the value of each product.

    Parameters
    ----------
    codes : (n,) ten-digit codes, bare digits.

    Returns
    -------
    {metal: (n,)} averages of the industry that makes the product (BEA input-output detail); of its six or four
    digits where the
        table lacks the ten; NaN where it lacks those too. No statement about any consignment.
    """
    wanted = np.array([int(c) if str(c).isdigit() else -1 for c in np.asarray(codes).ravel()], dtype=np.int64)
    known, shares = _table()
    # Requirements per dollar of output exceed one for a few metal industries: the content of a good does not.
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
    sums = np.vstack([np.zeros(len(METALS)), np.cumsum(shares, axis=0)])
    found = np.full((wanted.size, len(METALS)), np.nan)
    for width in (1, 10**4, 10**6):
        start = wanted // width * width
        low, high = np.searchsorted(known, start), np.searchsorted(known, start + width)
        fill = np.isnan(found[:, 0]) & (high > low)
        found[fill] = (sums[high] - sums[low])[fill] / (high - low)[fill, None]
    return {m: found[:, i].clip(0, 1) for i, m in enumerate(METALS)}
