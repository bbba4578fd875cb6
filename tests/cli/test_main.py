"""All commands: errors are one line with exit code 2, faults are not hidden, help needs no torch."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from emoface.cli import build_parser, main


def test_warnings_are_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import warnings

    monkeypatch.setattr("emoface.info.main", lambda _: warnings.warn("the text is not clear", stacklevel=1))
    assert main(["info"]) == 0
    assert capsys.readouterr().err == "emoface: warning: the text is not clear\n"


def test_trace_on_request(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMOFACE_TRACEBACK", "1")
    assert main(["animate", "none.wav", "-o", "none/a.npz"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("Traceback") and told.splitlines()[-1].startswith("emoface: error: path none/a.npz")


def test_faults_of_the_program_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: list[str]) -> None:
        raise AssertionError

    monkeypatch.setattr("emoface.info.main", broken)
    with pytest.raises(AssertionError):
        main(["info"])


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stopped(_: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("emoface.info.main", stopped)
    assert main(["info"]) == 130 and capsys.readouterr().err == "emoface: interrupted\n"


def test_terminated_in_the_middle_of_a_file(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; import emoface.info; from emoface.cli import main\n"
        "from emoface.files import atomic_path\n"
        "def killed(_):\n"
        "    with atomic_path('half.npz') as path:\n"
        "        path.write_bytes(b'half')\n"
        "        print(len(os.listdir()), flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "emoface.info.main = killed; sys.argv = ['emoface', 'info']; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGTERM, "1\n", "")
    assert not list(tmp_path.iterdir())


def test_wrong_commands(tmp_path: Path, error_of: Callable[..., str]) -> None:
    out = ("--out", str(tmp_path))
    assert "required: COMMAND" in error_of()
    assert "argument stage: invalid choice: 'x'" in error_of("train", "x", *out)
    assert "required: --out" in error_of("train", "lips")
    assert "none is not a folder" in error_of("train", "lips", *out, "--assets", "none")
    assert "none is not a folder" in error_of("eval", *out, "--assets", "none")


def test_help_needs_no_torch() -> None:
    script = "import sys; sys.modules['torch'] = None; from emoface.cli import main; main(['animate', '--help'])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "--timeline" in done.stdout
    assert build_parser().prog == "emoface"
