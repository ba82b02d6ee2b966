import zipfile

import numpy as np
import pytest

from surtax.errors import InputError
from surtax.world.files import FORMAT, read_arrays, write_world

ARRAYS = {
    "flows": np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 7,
    "tariffs": np.zeros((50, 40), dtype=np.float32),
    "elasticity": np.array([4.0, np.pi]),
}


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "w.npz"
    write_world(path, ARRAYS, {"name": "a world", "note": "Türkiye"})
    arrays, meta = read_arrays(path)
    assert meta == {"format": FORMAT, "name": "a world", "note": "Türkiye"}
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_numpy_opens_the_file(tmp_path):
    write_world(tmp_path / "w.npz", ARRAYS, {})
    with np.load(tmp_path / "w.npz") as file:
        np.testing.assert_array_equal(file["flows"], ARRAYS["flows"])


def test_same_content_same_bytes_and_no_litter(tmp_path):
    write_world(tmp_path / "a.npz", ARRAYS, {"name": "x"})
    write_world(tmp_path / "b.npz", ARRAYS, {"name": "x"})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_transposed_arrays_come_back_c_ordered(tmp_path):
    write_world(tmp_path / "w.npz", {"flows": ARRAYS["flows"].T}, {})
    flows = read_arrays(tmp_path / "w.npz")[0]["flows"]
    assert flows.flags.c_contiguous
    np.testing.assert_array_equal(flows, ARRAYS["flows"].T)


@pytest.mark.parametrize(
    ("name", "arrays", "meta", "message"),
    [
        ("w.npy", ARRAYS, {}, "ends in .npz"),
        ("w.npz", ARRAYS, {"year": np.float32(1)}, "cannot be written as JSON"),
        ("w.npz", ARRAYS, {"value": float("nan")}, "cannot be written as JSON"),
        ("w.npz", {"flows": np.array([{}])}, {}, "Python objects"),
    ],
)
def test_bad_content_is_refused(tmp_path, name, arrays, meta, message):
    with pytest.raises(InputError, match=message):
        write_world(tmp_path / name, arrays, meta)
    assert not list(tmp_path.iterdir())


def test_other_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        read_arrays(tmp_path / "missing.npz")
    with pytest.raises(InputError, match="is a folder"):
        read_arrays(tmp_path)
    text = tmp_path / "text.npz"
    text.write_text("flows")
    with pytest.raises(InputError, match="damaged or of another kind"):
        read_arrays(text)
    np.savez(tmp_path / "plain.npz", flows=np.ones(2))
    with pytest.raises(InputError, match="not a world file"):
        read_arrays(tmp_path / "plain.npz")
    np.savez(tmp_path / "bad.npz", meta=np.frombuffer(b"{", dtype=np.uint8))
    with pytest.raises(InputError, match="metadata"):
        read_arrays(tmp_path / "bad.npz")
    write_world(tmp_path / "new.npz", ARRAYS, {"format": "surtax-world/99"})
    with pytest.raises(InputError, match="surtax-world/99"):
        read_arrays(tmp_path / "new.npz")


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "w.npz"
    write_world(path, ARRAYS, {})
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("flows.npy")
    content = bytearray(path.read_bytes())
    content[entry.header_offset + 200] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        read_arrays(path)
