"""Who may use the service: a token, compared in constant time, and the origins of pages that may call it."""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from emoface.reading import read_text

VARIABLE = "EMOFACE_TOKEN"
SUBPROTOCOL = "emoface"
BEARER = "bearer."
"""Beginning of the subprotocol by which a page, which cannot set headers, tells the token: ``bearer.TOKEN``."""
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,256}")
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def read_token(path: str | os.PathLike[str] | None) -> str | None:
    """The token of the first line of a file, or of the environment's ``EMOFACE_TOKEN``; None without either.

    Raises:
        OSError, ValueError: the file cannot be read, or the token is not 16 to 256 letters, digits or ``-._~``.
    """
    if path is not None:
        lines, place = read_text(path, 1 << 16).splitlines(), f"token file {Path(path)}"
        token = lines[0].strip() if lines else ""
    else:
        token, place = os.environ.get(VARIABLE, ""), VARIABLE
        if not token:
            return None
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"{place} must hold 16 to 256 letters, digits or -._~, got {len(token)} characters")
    return token


def is_loopback(host: str) -> bool:
    """Whether a host to bind to is reached from this machine alone."""
    return host in (*_LOOPBACK, "::1")


class Access:
    """What lets a request in."""

    def __init__(self, token: str | None, host: str, port: int, origins: Iterable[str] = ()) -> None:
        """Check what pages may call.

        Args:
            token: what clients must tell; None lets every one in. host, port: where the service listens.
            origins: further pages, such as ``https://example.org``.

        Raises:
            ValueError: an origin of another form.
        """
        self._token = token.encode() if token else None
        for origin in origins:
            if not re.fullmatch(r"https?://[^/\s]+", origin):
                raise ValueError(f"an origin must look like https://example.org, got {origin!r:.80}")
        hosts = {*_LOOPBACK, f"[{host}]" if ":" in host else host}
        self._names = None if token else {f"{name}:{port}" for name in hosts} | hosts
        self._origins = {f"http://{name}:{port}" for name in hosts} | {origin.lower() for origin in origins}
        if port == 80:
            self._origins |= {f"http://{name}" for name in hosts}

    def knows(self, headers: Mapping[str, str], subprotocols: Iterable[str] = ()) -> bool:
        """Whether the right token comes as ``Authorization: Bearer TOKEN`` or as a subprotocol."""
        if self._token is None:
            return True
        kind, _, told = headers.get("authorization", "").partition(" ")
        given = [told.strip()] if kind.lower() == "bearer" else []
        given += [name.removeprefix(BEARER) for name in subprotocols if name.startswith(BEARER)]
        return any(hmac.compare_digest(one.encode("utf-8", "replace"), self._token) for one in given)

    def comes_from_a_known_page(self, headers: Mapping[str, str]) -> bool:
        """Whether a request comes from a program, which names no origin, or from a page of a known origin."""
        origin = headers.get("origin")
        return origin is None or origin.lower() in self._origins

    def is_meant(self, headers: Mapping[str, str]) -> bool:
        """Whether a request names this machine as its host.

        Without a token, a page of another site whose name was made to lead here (DNS rebinding) is told apart by this
        alone: to its browser the service is that page's own origin.
        """
        return self._names is None or headers.get("host", "").lower() in self._names
