"""Addresses of receivers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from emoface.live.senders import SENDERS, open_sender, table


def test_addresses() -> None:
    for address, place in (
        ("live-link", "127.0.0.1:11111"),
        ("live-link://127.0.0.2", "127.0.0.2:11111"),
        ("live-link://127.0.0.1:5000?subject=Ann", "127.0.0.1:5000"),
        ("ifacialmocap?wait=no", "127.0.0.1:49983"),
    ):
        sender = open_sender(address)
        assert sender.place == place and sender.name == address.split(":")[0].split("?")[0]
        sender.close()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("livelink", "no receiver 'livelink'; did you mean 'live-link'"),
        ("", "no receiver ''; known are live-link, vmc"),
        ("vmc://127.0.0.1:99999", "must have a port from 1 to 65535"),
        ("vmc://127.0.0.1:x", "must have a port from 1 to 65535"),
        ("live-link://127.0.0.1:0", "port must be in 1..65535"),
        ("live-link://127.0.0.1/face", "it goes on with '/face'"),
        ("vmc?name=arkit", "vmc takes names, got 'name'"),
    ],
)
def test_wrong_addresses(address: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        open_sender(address)


def test_unknown_hosts_and_missing_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="host 'no host' is not known"):
        open_sender("live-link://no host")
    for name, module in (("vmc", "pythonosc.osc_bundle_builder"), ("vtube-studio", "websockets.exceptions")):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(ImportError, match=r"pip install 'emoface\[live\]'"):
            open_sender(name)


def test_the_table_of_the_guide() -> None:
    page = Path(__file__).parents[3] / "docs" / "live-senders.md"
    assert f"\n\n{table()}\n" in page.read_text(encoding="utf-8")


def test_every_row_names_its_class() -> None:
    for name, row in SENDERS.items():
        assert row.sender.name == name
