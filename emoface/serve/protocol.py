"""HTTP connections that must say what they want in time."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


class PromptHTTP(H11Protocol):
    """Closes a connection that has not sent a whole request in ``timeout_keep_alive`` seconds after it was made."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to count."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.timeout_keep_alive, self._close_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting."""
        self._deadline.cancel()
        super().connection_lost(exc)

    def _close_silent(self) -> None:
        if self.cycle is None and self.transport.get_protocol() is self:  # else it has asked, or is a WebSocket now
            self.transport.abort()
