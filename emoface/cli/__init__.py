"""The command line: one file a command.

Exit codes: 0 done; 1 a fault of the program, with its trace; 2 wrong arguments, input or paths, told in one
line; 130 interrupted. With EMOFACE_TRACEBACK=1 in the environment, code 2 comes with the full trace too.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from emoface.cli import (
    adapt,
    animate,
    batch,
    capture,
    card,
    compare,
    evaluate,
    info,
    live,
    redo,
    render,
    rig,
    serve,
    sheet,
    studio,
    train,
    tune,
)
from emoface.cli.arguments import Parser
from emoface.cli.streams import open_streams

COMMANDS = (
    animate, capture, adapt, redo, studio, batch, live, render, sheet, rig, serve, info, tune, train, evaluate, card,
    compare,
)  # fmt: skip
"""Modules whose ``add_command(commands)`` adds a command, in the order of the help."""

USER_ERRORS = (ValueError, TypeError, OSError, ImportError, RuntimeError)


def build_parser() -> Parser:
    """The parser of all commands."""
    parser = Parser(
        prog="emoface",
        description="A voice in, emotional 3D facial motion out.",
        epilog="Exit codes: 0 done, 1 a fault of the program, 2 wrong arguments, input or paths, 130 interrupted.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for command in COMMANDS:
        command.add_command(commands)
    return parser


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"emoface: warning: {message}", file=sys.stderr)


class Terminated(BaseException):
    """A request to terminate, raised so that half-written files and temporary folders go before the process does."""


def _terminated(*_: Any) -> NoReturn:
    raise Terminated


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: as typed after ``emoface``; those of the process if None.

    Returns:
        The exit code.
    """
    if arguments is None:
        open_streams()
        signal.signal(signal.SIGTERM, _terminated)
    asked = build_parser().parsed(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            asked.run(asked)
    except KeyboardInterrupt:
        print("emoface: interrupted", file=sys.stderr)
        return 130
    except Terminated:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)  # whoever waits for this process sees what ended it
    except USER_ERRORS as error:
        if os.environ.get("EMOFACE_TRACEBACK") == "1":
            traceback.print_exc()
        line = " ".join(str(error).split()) or type(error).__name__
        print(f"emoface: error: {line}", file=sys.stderr)
        return 2
    return 0
