"""``emoface live``: a voice that arrives moves faces in other programs."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from emoface.cli.arguments import Commands
from emoface.cli.options_flags import add_options, given_options
from emoface.options import AnimateOptions, LoadOptions

if TYPE_CHECKING:
    from emoface.live.sources import Source

RATES = (60, 50, 30, 25)
LATENCIES = ("live", "instant")
DEFAULT_RECEIVER = "live-link"


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("live", help="speak, and a face in Unreal, VSeeFace or VTube Studio speaks")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("audio", nargs="?", metavar="AUDIO", help=(
        "a sound file as if it were spoken now, or - for 16-bit samples of one channel on standard input "
        "(default: the microphone)"))  # fmt: skip
    add("--to", action="append", metavar="ADDRESS", help=(
        "who shows the face, may be given several times: live-link, vmc, ifacialmocap, vtube-studio, each perhaps with "
        f"://HOST:PORT, or json, json://FILE (default: {DEFAULT_RECEIVER})"))  # fmt: skip
    add("--microphone", metavar="NAME", help="by number or a part of its name; python -m sounddevice lists them")
    add("--sample-rate", type=float, metavar="HZ", help="of standard input (16000) or of the microphone (its own)")
    add("--fps", type=int, choices=RATES, default=RATES[0], help=f"poses per second ({RATES[0]})")
    add("--latency", choices=LATENCIES, default=LATENCIES[0], help=(
        "how much of what comes next is heard before a frame is made (live)"))  # fmt: skip
    add("--reserve", type=float, metavar="S", help="seconds that frames wait, for machines that are busy (0.04)")
    add_options(parser, AnimateOptions, leave_out=("fps", "latency", "num_samples"))
    add_options(parser, LoadOptions, leave_out=("threads",))
    add("-q", "--quiet", action="store_true", help="no line that tells what happens")


def run(asked: argparse.Namespace) -> None:
    """Open everything, then go on until the voice ends or Ctrl-C closes the mouth."""
    from emoface.live.senders import open_sender
    from emoface.live.session import Session

    options = given_options(asked)
    loading = {name: options.pop(name) for name in ("checkpoint", "device", "dtype") if name in options}
    with contextlib.ExitStack() as opened:
        senders = [opened.enter_context(contextlib.closing(open_sender(to))) for to in asked.to or [DEFAULT_RECEIVER]]
        source = _source(asked)
        opened.callback(source.close)

        from emoface.pipeline import load

        stream = load(**loading).stream(**options)
        reserve = {} if asked.reserve is None else {"reserve": asked.reserve}
        session = Session(source, stream, senders, float(asked.fps), **reserve)
        with _stopped_by_signals(session.stop) as signals, _status_line(asked) as show_status:
            session.run(show_status)
    if signals:
        raise KeyboardInterrupt


def _source(asked: argparse.Namespace) -> Source:
    """The voice that was asked for."""
    from emoface.live.microphone import Microphone
    from emoface.live.sources import FileSource, RawSource

    if asked.audio is None:
        return Microphone(asked.microphone, asked.sample_rate)
    if asked.microphone is not None:
        raise ValueError("--microphone goes without AUDIO")
    if asked.audio == "-":
        return RawSource(sys.stdin.buffer, asked.sample_rate or 16000)
    if asked.sample_rate is not None:
        raise ValueError("--sample-rate goes with the microphone or -, a file knows its own")
    return FileSource(asked.audio)


@contextlib.contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[list[int]]:
    """Let Ctrl-C and a request to terminate call ``stop``, the second one ends the program; gives those that came."""
    came: list[int] = []

    def take(number: int, _: Any) -> None:
        came.append(number)
        if len(came) > 1:
            raise KeyboardInterrupt
        stop()

    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    before = {number: signal.signal(number, take) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _status_line(asked: argparse.Namespace) -> Iterator[Callable[[str], None] | None]:
    """What writes the line of status on standard error: in place on a terminal, once at the end otherwise."""
    last = ""
    terminal = sys.stderr.isatty()

    def show(line: str) -> None:
        nonlocal last
        if terminal:
            print(f"\r{line}{' ' * max(len(last) - len(line), 0)}", end="", file=sys.stderr, flush=True)
        last = line

    if asked.quiet:
        yield None
        return
    try:
        yield show
    finally:
        if last:
            print("" if terminal else last, file=sys.stderr)
