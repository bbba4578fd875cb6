"""Pickles that are small and cost much: refused before anything of them is built."""

from __future__ import annotations

import io
import pickle
import pickletools
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emoface.face.pickle_scan import check_pickle
from emoface.limits import use_budget

NOTHING: dict = {}
WHOLE = {"a": np.arange(6.0), "b": [1, 2.5, None, (True, "x", b"y")], "c": {"d": {3: NOTHING, "e": NOTHING}}, "f": {1}}


@pytest.mark.parametrize("protocol", range(6))
def test_what_python_writes_passes(protocol: int) -> None:
    data = pickle.dumps(WHOLE, protocol)
    check_pickle(data)
    check_pickle(data + b"more")
    check_pickle(pickletools.optimize(data))


@pytest.mark.parametrize("protocol", range(6))
def test_every_beginning_is_refused(protocol: int) -> None:
    data = pickle.dumps(WHOLE, protocol)
    for length in range(len(data)):
        with pytest.raises(ValueError):
            check_pickle(data[:length])


def shared(grow: bytes, times: int) -> bytes:
    """An object that holds the one before it twice, again and again."""
    steps = b"".join(b"0" + grow.replace(b"?", b"h" + bytes([i])) + b"q" + bytes([i + 1]) for i in range(times))
    return b"\x80\x02}K\x01q\x00" + steps


HOSTILE = {
    "nested tuples": (b"\x80\x02)" + b"\x85" * 150_000 + b".", "containers nested more than 64 deep"),
    "nested keys": (b"\x80\x02})" + b"\x85" * 40 + b"K\x01s.", "with keys that are neither text nor numbers"),
    "nested lists": (b"\x80\x02" + b"]" * 100 + b"a" * 99 + b".", "containers nested more than 64 deep"),
    "memo": (b"\x80\x02)r" + struct.pack("<I", 2**28) + b".", "memo place 268,435,456 after 3 opcodes"),
    "memo in text": (b")p268435456\n.", "memo place 268,435,456 after 2 opcodes"),
    "memo in odd text": (b")p+1\n.", "a memo place"),
    "memo in long text": (b")p" + b"9" * 50 + b"\n.", "memo place"),
    "empty memo": (b"\x80\x02h\x05.", "memo place 5 is empty"),
    "shared in keys": (shared(b"??\x86", 40) + b"K\x01s.", "with keys that are neither text nor numbers"),
    "set of tuples": (b"\x80\x04\x8f()\x90.", "ADDITEMS at byte 5 with keys that are neither text nor numbers"),
    "frozen set": (b"\x80\x04()\x91.", "FROZENSET at byte 4 with keys that are neither"),
    "text": (b"\x80\x02X\xff\xff\xff\x7fabc.", r"BINUNICODE at byte 2 claims 2.1 GB, of which 4 bytes are left"),
    "bytes": (b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"abc.", r"BYTEARRAY8 at byte 2 claims 1,099 GB"),
    "frame": (b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"N.", "FRAME at byte 2 claims"),
    "number": (b"\x80\x02\x8b\xff\xff\xff\x7f1.", "LONG4 at byte 2 claims"),
    "names": (b"\x80\x02" + b"".join(b"cchumpy\nc%d\n0" % i for i in range(300)) + b"N.", "more than 256 names"),
    "opcodes": (b"\x80\x02" + b"N0" * 100_000 + b"N.", "more than 131,072 opcodes"),
    "extension": (b"\x80\x02\x82\x01.", "opcode EXT1 at byte 2, which no file of arrays needs"),
    "persistent": (b"\x80\x02X\x01\x00\x00\x00aQ.", "opcode BINPERSID"),
    "buffer": (b"\x80\x05\x97.", "opcode NEXT_BUFFER"),
    "unknown": (b"\xff", "opcode 0xff at byte 0"),
    "empty stack": (b"\x80\x02\x86.", "nothing on the stack at byte 3"),
    "into a mark": (b"\x80\x02(\x85.", "nothing on the stack"),
    "no mark": (b"\x80\x02NNt.", "no mark on the stack"),
    "line without end": (b"cnumpy", "GLOBAL at byte 0 does not end"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile(what: str) -> None:
    data, words = HOSTILE[what]
    with pytest.raises(ValueError, match=words):
        check_pickle(data)


def test_the_budget_allows_more_opcodes() -> None:
    with use_budget("1G"):
        check_pickle(HOSTILE["opcodes"][0])


LOAD = """
import resource, sys
from emoface.face.flame_files import load_flame
resource.setrlimit(resource.RLIMIT_AS, (2**32,) * 2)
for path in sys.argv[1:]:
    try:
        load_flame(path)
    except ValueError as error:
        assert path in str(error), error
    else:
        raise AssertionError(path)
"""


def test_loading_them_ends_soon_and_in_little_memory(tmp_path: Path) -> None:
    lists = b"}X\x0a\x00\x00\x00v_template](K\x01eq\x00" + b"".join(
        b"0](h" + bytes([i]) + b"h" + bytes([i]) + b"eq" + bytes([i + 1]) for i in range(40)
    )
    files = {name.replace(" ", "_"): data for name, (data, _) in HOSTILE.items()} | {"shared_lists": lists + b"s."}
    for name, data in files.items():
        (tmp_path / f"{name}.pkl").write_bytes(data)
    paths = [str(tmp_path / f"{name}.pkl") for name in files]
    done = subprocess.run([sys.executable, "-c", LOAD, *paths], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]


def test_arrays_inside_arrays_are_made_once(tmp_path: Path) -> None:
    """A selection from a selection from ... of itself twice, eight deep: 3^8 ways to the same arrays."""
    from emoface.face.flame_files import load_flame

    class Select:
        def __init__(self, a: object, idxs: object, preferred_shape: object) -> None:
            self.a, self.idxs, self.preferred_shape = a, idxs, preferred_shape

    array: object = np.zeros(10**6)
    for _ in range(7):
        array = Select(array, array, array)
    file = io.BytesIO()
    writer = pickle._Pickler(file, 2)  # type: ignore[attr-defined]
    Select.__module__, Select.__qualname__ = "chumpy.reordering", "Select"
    writer.save_global = lambda kind, name=None: writer.write(b"cchumpy.reordering\nSelect\n")  # type: ignore[method-assign]
    writer.dump({"v_template": array})
    data = file.getvalue()
    (tmp_path / "a.pkl").write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.pkl"):
        load_flame(tmp_path / "a.pkl")
