"""Makes valid files invalid: bytes, numbers and parts of containers are changed, seeded."""

from __future__ import annotations

import copy
import io
import json
import re
import struct
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np

NUMBERS = (
    "0", "-1", "1", "2", "65536", "2147483648", "4294967296", "9223372036854775808", "-9223372036854775809", "1e5",
    "1e19", "1e308", "1e999", "-0.0", "nan", "inf", "NaN", "Infinity", "0.5", "9" * 30, "9" * 400, "9" * 5000, "", "x",
    "1e", "0x10",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    0, -1, 1, 2, 3, 7, 255, 65536, 10**6, 2**31, 2**32, 2**63, 2**64, 10**400, 0.5, -0.5, 1e-300, 1e19, 1e308,
    float("nan"), float("inf"), None, True, False, "", "a", "x" * 2000, "\ud800", "\0", "../../etc/passwd", [], {},
    [[]], [0] * 1000, {"a": 1}, [None], ["a", "a"],
)  # fmt: skip
ARRAYS: tuple[Callable[[], np.ndarray], ...] = (
    lambda: np.zeros(()), lambda: np.zeros(0), lambda: np.zeros((0, 3)), lambda: np.zeros((3, 0)),
    lambda: np.zeros((1, 1, 1, 1)), lambda: np.full((2, 3), np.nan), lambda: np.full((5, 50), np.inf),
    lambda: np.full((4, 3), 1e300), lambda: np.zeros((2000, 2000), np.int8), lambda: np.zeros((1, 500_000), np.int8),
    lambda: np.array(["a", "b"]), lambda: np.array("x" * 5000), lambda: np.array([b"a", b"bc"]),
    lambda: np.zeros(3, "M8[s]"), lambda: np.zeros(3, complex), lambda: np.zeros(3, [("a", "f4")]),
    lambda: np.zeros((7, 3), bool), lambda: np.full((7, 3), -1), lambda: np.full((9, 3), 2**63, np.uint64),
    lambda: np.zeros((5, 5), ">f8"), lambda: np.asfortranarray(np.zeros((5, 4))), lambda: np.zeros((4, 3), np.float16),
    lambda: np.array("\ud800"), lambda: np.array(["{", "}"]), lambda: np.array('{"emotion": NaN}'),
    lambda: np.array(-1.0),
)  # fmt: skip


def change_bytes(data: bytes, draw: Random, tokens: Sequence[bytes] = (), others: Sequence[bytes] = ()) -> bytes:
    """One to four changes of bytes, numbers in text, blocks and lengths."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4))):
        place = draw.randrange(len(changed) + 1)
        kind = draw.randrange(12)
        if kind == 0 and changed:
            changed[place % len(changed)] ^= 1 << draw.randrange(8)
        elif kind == 1 and changed:
            changed[place % len(changed)] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
        elif kind == 2:
            value = draw.choice((0, 1, -1, 2**7, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**62, len(data)))
            form = draw.choice(("<H", "<I", "<Q", ">I", ">Q"))
            mask = (1 << 8 * struct.calcsize(form)) - 1
            changed[place : place + struct.calcsize(form)] = struct.pack(form, value & mask)
        elif kind == 3:
            del changed[place : place + draw.choice((1, 2, 8, 100, 10_000))]
        elif kind == 4:
            changed[place:place] = bytes(draw.randrange(256) for _ in range(draw.choice((1, 4, 40))))
        elif kind == 5:
            block = changed[place : place + draw.choice((1, 10, 200, 5000))]
            changed[place:place] = block * draw.choice((1, 2, 50))
        elif kind == 6:
            del changed[place:]
        elif kind == 7 and tokens:
            changed[place:place] = draw.choice(tokens) * draw.choice((1, 1, 3, 500))
        elif kind == 8 and others:
            other = draw.choice(others)
            changed[place:] = other[draw.randrange(len(other) + 1) :]
        elif kind == 9:
            numbers = list(re.finditer(rb"-?\d+(\.\d+)?", bytes(changed[:200_000])))
            if numbers:
                found = draw.choice(numbers)
                changed[found.start() : found.end()] = draw.choice(NUMBERS).encode()
        elif kind == 10 and changed:
            end = draw.randrange(len(changed) + 1)
            low, high = min(place, end), max(place, end)
            changed[low:high] = bytes([draw.choice((0, 0x20, 0x41, 0xFF))]) * (high - low)
        elif kind == 11 and changed:
            low, high = draw.randrange(len(changed)), draw.randrange(len(changed))
            changed[low : low + 8], changed[high : high + 8] = changed[high : high + 8], changed[low : low + 8]
    return bytes(changed[: 4 << 20])


def change_json(value: Any, draw: Random) -> Any:
    """One to three values anywhere in it replaced, removed, repeated or put elsewhere."""
    value = copy.deepcopy(value)
    for _ in range(draw.choice((1, 1, 2, 3))):
        places = [(None, None), *_places(value)]
        holder, key = draw.choice(places[-400:] if draw.random() < 0.5 else places)
        new = draw.choice(VALUES)
        if draw.random() < 0.05:
            for _ in range(draw.choice((70, 2000))):
                new = [new]
        if holder is None:
            value = new if draw.random() < 0.02 else value
        elif draw.random() < 0.2:
            del holder[key]
        elif draw.random() < 0.2:
            other, its = draw.choice(places[1:])
            if its in other if isinstance(other, dict) else its < len(other):
                holder[key] = copy.deepcopy(other[its])
        elif isinstance(holder, list) and draw.random() < 0.2:
            holder[key:key] = [holder[key]] * draw.choice((1, 20, 3000))
        else:
            holder[key] = new
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    found, waiting = [], [value]
    while waiting and len(found) < 5000:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            found.append((one, key))
            waiting.append(one[key])
    return found


def json_text(value: Any) -> bytes:
    """JSON as Python writes it, deep or not; NaN and lone surrogates included."""
    try:
        return json.dumps(value).encode()
    except (RecursionError, ValueError):
        return b"[" * 3000 + b"]" * 3000


def change_npz(data: bytes, draw: Random) -> bytes:
    """An .npz whose members are exchanged, removed, renamed or changed inside, with checksums that are right again."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    for _ in range(draw.choice((1, 1, 2))):
        name = draw.choice(sorted(members))
        kind = draw.randrange(6)
        if kind == 0:
            members[name] = _npy(draw.choice(ARRAYS)())
        elif kind == 1:
            members[name] = change_bytes(members[name][:128], draw) + members[name][128:]
        elif kind == 2:
            members[name] = change_bytes(members[name], draw)
        elif kind == 3 and len(members) > 1:
            del members[name]
        elif kind == 4:
            members[draw.choice(("x.npy", "a/b.npy", name.upper(), ""))] = members[name]
        else:
            members[name] = members[draw.choice(sorted(members))]
    packed = io.BytesIO()
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
    with zipfile.ZipFile(packed, "w", draw.choice(kinds), compresslevel=1) as file:
        for name, content in members.items():
            file.writestr(name or "x", content)
    return packed.getvalue()


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array)
    return file.getvalue()


def change_table(data: bytes, draw: Random) -> bytes:
    """A CSV with cells, rows and columns changed."""
    rows = [line.split(",") for line in data.decode().split("\n")]
    for _ in range(draw.choice((1, 2, 5))):
        row = draw.randrange(len(rows))
        kind = draw.randrange(5)
        if kind == 0:
            rows[row][draw.randrange(len(rows[row]))] = draw.choice(NUMBERS)
        elif kind == 1:
            parts = [draw.choice((*NUMBERS, "00", "23", "59", "07.500")) for _ in range(draw.choice((4, 4, 4, 3, 5)))]
            rows[row][0] = ":".join(parts)
        elif kind == 2 and len(rows) > 1:
            del rows[row]
        elif kind == 3:
            rows[row:row] = [list(rows[row])] * draw.choice((1, 3, 300))
        else:
            rows[row] = rows[row][: draw.randrange(len(rows[row]) + 1)] or [""]
    return "\n".join(map(",".join, rows)).encode()
