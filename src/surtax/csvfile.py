"""Small CSV files of a user's, with errors that name the file and the line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from surtax.errors import InputError


def read_rows(
    path: Path, columns: Sequence[str], *, rest: bool = False, blank: Sequence[str] = ()
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each row of a CSV file as its place, `file, line n`, and the text of the asked columns, stripped.

    Other columns are left alone, or with `rest` given too, empty text where a row ends before them; then all
    stand in the order of the file. Rows may end before the columns that are not asked for, and before those in `blank`,
    asked-for columns whose cells may be empty.

    Raises
    ------
    InputError
        the file cannot be read, is no CSV in UTF-8, lacks or repeats a column, or has a row with a missing, an empty
        or a surplus cell (a decimal comma makes two cells of one number).
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            head = [c.strip() for c in next(reader, [])]
            if not set(columns) <= set(head):
                raise InputError(f"{path}: the first line should name the columns {' and '.join(columns)}.")
            twice = [c for c in columns if head.count(c) > 1]
            if twice:
                raise InputError(f"{path}: the first line names the column {twice[0]} twice.")
            at = {c: head.index(c) for c in (dict.fromkeys(head) if rest else columns)}
            for cells in reader:
                place = f"{path}, line {reader.line_num}"
                if not any(c.strip() for c in cells):
                    continue
                if len(cells) > len(head):
                    raise InputError(
                        f"{place}: {len(cells)} cells for {len(head)} columns ({','.join(cells)}): write decimals with "
                        f"a point, 8.5, and put text that holds a comma in quotation marks."
                    )
                row = {c: cells[i].strip() if i < len(cells) else "" for c, i in at.items()}
                empty = [c for c in columns if not row[c] and c not in blank]
                if empty:
                    raise InputError(f"{place}: nothing stands under {empty[0]}.")
                yield place, row
    except OSError as problem:
        raise InputError(f"cannot read {path}: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file in UTF-8.") from None
    except csv.Error as problem:
        raise InputError(f"{path} does not read as CSV: {problem}.") from None
