"""A voice that arrives, a stream that animates it, and senders that show it, each at its own pace."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .pace import Pace
from .play_out import RESERVE, PlayOut
from .senders.sender import Sender
from .sources import Source

if TYPE_CHECKING:
    from .stream import Stream

STATUS_PERIOD = 0.5
"""Seconds between two calls of ``show_status``."""


class Session:
    """Feeds a voice to a stream in one thread, and sends its frames at an exact rate in another.

    Attributes:
        play_out: the frames that wait to be shown. pace: the ticks at which they are.
    """

    def __init__(
        self, source: Source, stream: Stream, senders: Sequence[Sender], fps: float = 60.0, reserve: float = RESERVE
    ) -> None:
        """Put it together; nothing moves yet.

        Args:
            source: the voice. stream: with frames at ``fps``. senders: where the poses go; the caller closes them.
            fps: poses per second. reserve: seconds that the first frames wait, see :class:`PlayOut`.

        Raises:
            TypeError, ValueError: a number of the wrong kind, or out of range.
        """
        self.source, self.stream, self.senders = source, stream, tuple(senders)
        self.play_out = PlayOut(fps, reserve)
        self.pace = Pace(fps)
        self._stop, self._heard_all = threading.Event(), threading.Event()
        self._feeding = threading.Lock()
        self._failure: BaseException | None = None

    def stop(self) -> None:
        """Let the mouth close, and end :meth:`run`; may be called from a signal handler."""
        self._stop.set()

    def run(self, show_status: Callable[[str], None] | None = None) -> None:
        """Go on until the voice ends or :meth:`stop` is called, and then until the mouth is closed.

        Args:
            show_status: is given one line of text twice a second.

        Raises:
            Exception: what reading the voice, or animating it, has raised, after the mouth was closed.
        """
        listener = threading.Thread(target=self._listen, name="emoface listens", daemon=True)
        listener.start()
        self.pace = Pace(self.play_out.fps)
        shown, closing = 0.0, False
        while not (self._heard_all.is_set() and not len(self.play_out)):
            if (self._stop.is_set() or self._failure) and not closing:
                closing = True
                self._close_mouth()
            pose = self.play_out.show(self.pace.wait())
            for sender in self.senders:
                sender.send(pose)
            if show_status is not None and pose.seconds >= shown:
                shown = pose.seconds + STATUS_PERIOD
                show_status(self.status)
        self.source.close()
        if show_status is not None:
            show_status(self.status)
        if self._failure:
            raise self._failure

    @property
    def status(self) -> str:
        """What happens, in one line."""
        pace, play = self.pace, self.play_out
        head = f"{pace.elapsed:.1f} s, {play.fps:g} fps, {1000 * pace.late:.1f} ms late (most {1000 * pace.latest:.1f})"
        counts = f"{play.held} held, {play.skipped} skipped, {pace.missed} missed"
        return " | ".join([f"{head}, {counts}", *(sender.status for sender in self.senders)])

    def _listen(self) -> None:
        """Feed the stream until the voice ends."""
        try:
            for block in self.source:
                with self._feeding:
                    if self._stop.is_set():
                        return
                    self.play_out.add(self.stream.feed(block, self.source.sample_rate))
            with self._feeding:
                if not self._stop.is_set():
                    self.play_out.add(self.stream.flush())
                    self._heard_all.set()
        except BaseException as error:  # raised again where run() was called
            self._failure = error

    def _close_mouth(self) -> None:
        """Drop what was not shown, and play frames that close the mouth."""
        self._stop.set()
        self.source.close()
        with self._feeding:
            try:
                self.play_out.replace(self.stream.interrupt(self.play_out.last))
            except Exception as error:
                self._failure = self._failure or error
        self._heard_all.set()
