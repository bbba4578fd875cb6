"""Bounds of a pickle, checked by walking over its opcodes before anything is built.

A pickle is a program for a small machine: its opcodes push objects on a stack, keep them in a memo and join them.
Without bounds a few bytes reserve gigabytes of memo, nest tuples until hashing them overruns the C stack, or share one
object so often that looking at it never ends. The walk follows the machine's stack with one small number for each
object, and never copies an argument.
"""

from __future__ import annotations

import pickletools

from emoface.limits import budget, size_text

NAMES = 256
"""Names of classes and functions that a pickle of arrays may ask for."""
_OPCODES = {ord(opcode.code): opcode for opcode in pickletools.opcodes}
_PREFIX = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1, pickletools.TAKEN_FROM_ARGUMENT4: 4, pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}  # fmt: skip
"""Kind of argument -> bytes of the length before it."""
_LINES = {"INST": 2, "GLOBAL": 2}  # opcodes with two lines of text, the others have one
_REFUSED = {"EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID", "NEXT_BUFFER", "READONLY_BUFFER"}
_TEXT = {
    "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES",
    "SHORT_BINBYTES", "BINBYTES8",
}  # fmt: skip
_NUMBERS = {
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "NONE", "NEWTRUE", "NEWFALSE",
}  # fmt: skip
_MARK, _PLAIN, _OTHER = -2, -1, 0  # what lies on the stack: a mark, text or a number, anything else from depth 0 on


def check_pickle(data: bytes | memoryview) -> None:
    """Walk over a pickle and refuse what could cost more than its size.

    Args:
        data: the pickle; what comes after its end is not looked at.

    Raises:
        ValueError: it is cut off, claims more than it holds, nests too deeply, has too many objects or names, a memo
            place beyond its objects, keys that are not text or numbers, or opcodes that reach outside of it.
    """
    walk = _Walk(data)
    while walk.step():
        pass


class _Walk:
    """The machine's state: where in the data, the stack and the memo as depths, what was counted."""

    def __init__(self, data: bytes | memoryview) -> None:
        self.data = bytes(data) if isinstance(data, memoryview) else data
        self.limits = budget()
        self.place = self.count = self.names = 0
        self.stack: list[int] = []
        self.memo: dict[int, int] = {}

    def step(self) -> bool:
        """Look at one opcode; False after the last."""
        if self.place >= len(self.data):
            raise ValueError("it ends before its last opcode")
        opcode = _OPCODES.get(self.data[self.place])
        if opcode is None or opcode.name in _REFUSED:
            name = opcode.name if opcode else f"{self.data[self.place]:#x}"
            raise ValueError(f"opcode {name} at byte {self.place}, which no file of arrays needs")
        self.place += 1
        self.count += 1
        if self.count > self.limits.objects:
            raise ValueError(f"it has more than {self.limits.objects:,} opcodes")
        value = self._argument(opcode)
        if opcode.name == "STOP":
            return False
        self._move(opcode, value)
        return True

    def _argument(self, opcode: pickletools.OpcodeInfo) -> int:
        """Step over the argument; what it says where it is a whole number, else 0."""
        if opcode.arg is None:
            return 0
        kind, start = opcode.arg.n, self.place
        if kind == pickletools.UP_TO_NEWLINE:
            for _ in range(_LINES.get(opcode.name, 1)):
                self.place = self.data.find(b"\n", self.place) + 1
                if not self.place:
                    raise ValueError(f"{opcode.name} at byte {start - 1} does not end")
            return self._number(self.data[start : start + 20]) if opcode.name in ("PUT", "GET") else 0
        if kind in _PREFIX:
            length = int.from_bytes(self._take(_PREFIX[kind]), "little")
            if length > len(self.data) - self.place:
                left, claimed = size_text(len(self.data) - self.place), size_text(length)
                raise ValueError(f"{opcode.name} at byte {start - 1} claims {claimed}, of which {left} are left")
            self.place += length
            return 0
        value = int.from_bytes(self._take(kind), "little")
        if opcode.name == "FRAME" and value > len(self.data) - self.place:
            raise ValueError(f"FRAME at byte {start - 1} claims {size_text(value)}, more than are left")
        return value

    def _take(self, length: int) -> bytes:
        part = self.data[self.place : self.place + length]
        self.place += length
        if len(part) < length:
            raise ValueError("it ends within an opcode")
        return part

    def _number(self, line: bytes) -> int:
        text = line.split(b"\n")[0]
        if not text.isdigit():
            raise ValueError(f"a memo place {text!r}")
        return int(text)

    def _move(self, opcode: pickletools.OpcodeInfo, value: int) -> None:
        """What the opcode does to stack and memo."""
        name, stack = opcode.name, self.stack
        if name in ("GLOBAL", "STACK_GLOBAL", "INST"):
            self.names += 1
            if self.names > NAMES:
                raise ValueError(f"it asks for more than {NAMES} names")
        if name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            place = len(self.memo) if name == "MEMOIZE" else value
            if place > self.count:
                raise ValueError(f"memo place {place:,} after {self.count:,} opcodes")
            self.memo[place] = self._top()
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            if value not in self.memo:
                raise ValueError(f"memo place {value:,} is empty")
            stack.append(self.memo[value])
        elif name == "MARK":
            stack.append(_MARK)
        elif name == "DUP":
            stack.append(self._top())
        elif name == "POP" and stack:
            stack.pop()
        elif name in ("PROTO", "FRAME"):
            pass
        else:
            self._join(opcode)

    def _join(self, opcode: pickletools.OpcodeInfo) -> None:
        """Take an opcode's operands from the stack and put its result there."""
        name, before = opcode.name, opcode.stack_before
        if pickletools.markobject in before:
            parts = self._to_mark()
            kept = before.index(pickletools.markobject)
        else:
            parts, kept = [], len(before)
        operands = [self._pop() for _ in range(kept)][::-1] + parts
        if name in ("SETITEM", "SETITEMS", "DICT", "ADDITEMS", "FROZENSET"):
            keys = operands[kept if name != "SETITEM" else 1 :]
            if any(key != _PLAIN for key in (keys if name in ("ADDITEMS", "FROZENSET") else keys[::2])):
                raise ValueError(f"{name} at byte {self.place - 1} with keys that are neither text nor numbers")
        if not opcode.stack_after:
            return
        if name in _TEXT or name in _NUMBERS:
            self.stack.append(_PLAIN)
            return
        depth = 1 + max(operands, default=_PLAIN)
        if name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "BUILD"):  # into the first operand
            depth = max(operands[0], 1 + max(operands[1:], default=_PLAIN))
        if depth > self.limits.nesting:
            raise ValueError(f"containers nested more than {self.limits.nesting} deep")
        self.stack.append(max(depth, _OTHER))

    def _top(self) -> int:
        if not self.stack or self.stack[-1] == _MARK:
            raise ValueError(f"nothing on the stack at byte {self.place}")
        return self.stack[-1]

    def _pop(self) -> int:
        top = self._top()
        self.stack.pop()
        return top

    def _to_mark(self) -> list[int]:
        """Everything above the last mark, which goes too."""
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] == _MARK:
                parts = self.stack[place + 1 :]
                del self.stack[place:]
                return parts
        raise ValueError(f"no mark on the stack at byte {self.place}")
