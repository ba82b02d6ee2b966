"""The United States' lists, checked against the codes of its own tariff."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from tools.build_data.law_lists import bare, dotted, hts_codes, write_list

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def run(sources: Path, out: Path) -> None:
    """Write the US lists."""
    lists = sources / "law" / "us" / "lists"
    known = hts_codes(sources)
    carved = {"energy_ca": "energy", "potash_ca": "potash"}
    rows = [
        (row["hts8"], carved[row["category"]], "")
        for row in _csv(lists / "fentanyl_carveout_products.csv")
        if row["category"] in carved
    ]
    _write("us-ieepa-can", rows, known, out)


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _write(name: str, rows: Iterable[tuple[str, str, str]], known: frozenset[str], out: Path) -> None:
    """Write a list; codes that no edition of the tariff holds are dropped and reported."""
    kept: dict[tuple[str, str], str] = {}
    dropped = []
    for listed, group, start in rows:
        code = bare(listed)
        if len(code) == 10 and code not in known and code.endswith("00") and code[:8] in known:
            code = code[:8]
        if code not in known and not any(k.startswith(code) for k in known):
            dropped.append(dotted(code))
            continue
        earlier = kept.get((code, group))
        kept[code, group] = start if earlier is None else min(earlier, start)
    print(f"{name}: {len(kept)} codes; not in the tariff, dropped: {', '.join(sorted(dropped)) or 'none'}")
    write_list(
        out / f"{name}.csv",
        [{"code": dotted(c), "group": g, "from": s} for (c, g), s in kept.items()],
    )
