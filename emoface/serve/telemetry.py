"""What the service counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)


class Telemetry:
    """Counters of one service, in a registry of their own.

    Attributes:
        frames: sent. latency: seconds from the arrival of the audio that completed frames until they were ready.
        dropped: frames by reason. refused: requests by the limit that they met. errors: messages that were answered by
            an error, by their code. files: uploads by outcome.
    """

    def __init__(self) -> None:
        """Start at zero."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.frames = Counter("emoface_frames", "Frames sent", ["protocol"], registry=self.registry)
        self.latency = Histogram(
            "emoface_frame_latency_seconds", "From the arrival of the audio that completes frames until they are made",
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        self.dropped = Counter(
            "emoface_frames_dropped", "Frames that were not sent", ["reason"], registry=self.registry
        )
        self.refused = Counter("emoface_refused", "What was refused for a limit", ["limit"], registry=self.registry)
        self.errors = Counter(
            "emoface_errors", "Messages that were answered by an error", ["code"], registry=self.registry
        )
        self.files = Counter("emoface_files", "Uploaded files", ["outcome"], registry=self.registry)

    def watch(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """Add a gauge whose value is read when it is asked for."""
        Gauge(f"emoface_{name}", meaning, registry=self.registry).set_function(read)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)
