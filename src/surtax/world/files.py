"""World files: arrays and their metadata in one `.npz`; the same content gives the same bytes.

A world file is a zip archive of NumPy arrays (`numpy.load` opens it) with one extra array, `meta`,
that holds a JSON document in UTF-8. The reader asks only that `meta` names the format; what the
arrays mean is `World`'s affair.

| array        | shape     | content                                                          |
|--------------|-----------|------------------------------------------------------------------|
| `flows`      | [s, o, d] | USD million at basic prices, net of tariff: intermediate + final |
| `final`      | [s, o, d] | the part of `flows` that goes to final demand                    |
| `use`        | [k, s, n] | inputs k bought by sector s in country n, USD million, all origins |
| `tariffs`    | [s, o, d] | ad valorem shares (0.05 is 5 %)                                  |
| `elasticity` | [s]       | trade elasticity θ > 0                                           |
| `population` | [n]       | persons, NaN where unknown                                       |
"""

from __future__ import annotations

import contextlib
import io
import json
import lzma
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from surtax.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FORMAT = "surtax-world/1"
META = "meta"

# A zip entry carries a date; a fixed one (the earliest a zip can hold) keeps the bytes the same
# from build to build.
EPOCH = (1980, 1, 1, 0, 0, 0)
LEVEL = 9
# Whether an array is worth compressing shows at the quickest level, a tenth of the time of the best.
QUICK = 1
# Deflating dense float32 values saves a quarter of the size and quadruples the time to load: such
# arrays are stored as they are. What shrinks to less than half of its size (tariffs, which are
# mostly zero) is deflated.
WORTHWHILE = 0.5


def write_world(path: str | Path, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> None:
    """Write a world file; the file appears whole or not at all.

    Parameters
    ----------
    path : where to write, ending in `.npz`; a file there is replaced.
    arrays : the arrays by name, written in the order given and with the type that they have.
    meta : JSON content; `format` is added where it is missing.

    Raises
    ------
    InputError
        the path does not end in `.npz`, an array holds objects, or `meta` is not JSON.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise InputError(f"{path}: a world file ends in .npz; give the output file that ending.")
    document = {"format": FORMAT, **meta}
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    except (TypeError, ValueError) as problem:
        raise InputError(f"the metadata of {path.name} cannot be written as JSON: {problem}.") from None
    content: dict[str, NDArray[Any]] = {
        META: np.frombuffer(text.encode(), dtype=np.uint8),
        **arrays,
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, array in content.items():
                if np.asarray(array).dtype.hasobject:
                    raise InputError(f"array {name!r} holds Python objects; give numbers.")
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
                data = buffer.getvalue()
                small = len(zlib.compress(data, QUICK)) < WORTHWHILE * len(data)
                entry = zipfile.ZipInfo(f"{name}.npy", date_time=EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED if small else zipfile.ZIP_STORED
                entry.external_attr = 0o644 << 16
                entry.create_system = 3
                archive.writestr(entry, data, compresslevel=LEVEL)
        temporary.replace(path)
    except OSError as problem:
        raise InputError(f"cannot write {path}: {problem.strerror or problem}.") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def read_arrays(path: str | Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read a world file: its arrays by name, and its metadata.

    Returns
    -------
    arrays : as stored, C-ordered.
    meta : the JSON document.

    Raises
    ------
    InputError
        there is no such file, it is damaged, or it is not a world file of a format known here.
    """
    path = Path(path)
    arrays: dict[str, NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.filename.endswith(".npy"):
                    buffer = io.BytesIO(archive.read(entry))
                    array = np.lib.format.read_array(buffer, allow_pickle=False)
                    arrays[entry.filename[:-4]] = np.ascontiguousarray(array)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}: check the path.") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder: give the world file in it (.npz).") from None
    except OSError as problem:
        raise InputError(f"cannot read {path}: {problem.strerror or problem}.") from None
    # A damaged header may ask for an unknown compression, a password, or more memory than there is.
    except (
        zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, EOFError, NotImplementedError, RuntimeError,
        MemoryError, OverflowError, struct.error, SyntaxError, KeyError,
    ) as problem:  # fmt: skip
        raise InputError(
            f"{path} cannot be read as a world file ({problem}): it is damaged or of another kind. "
            f"World files are .npz, written by Surtax."
        ) from None
    if META not in arrays:
        raise InputError(
            f"{path} is an .npz without a `{META}` array, so not a world file; for plain arrays use World.from_arrays."
        )
    try:
        meta = json.loads(arrays.pop(META).tobytes().decode())
        found = meta["format"]
    except (ValueError, KeyError, TypeError) as problem:
        raise InputError(f"the metadata of {path} cannot be read ({problem}): build it anew.") from None
    if found != FORMAT:
        raise InputError(
            f"{path} has format {found!r}; this version of Surtax reads {FORMAT!r}. "
            f"Build the file anew, or use the version of Surtax that wrote it."
        )
    return arrays, meta
