"""Live Link Face CSV."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoface.animation import Animation
from emoface.export.live_link import COLUMNS, SHAPES, timecode
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES
from emoface.limits import use_budget

Make = Callable[..., Animation]
JAW = ARKIT_INDEX["jawOpen"]
REAL = "livelink/MySlate_3_Jason_Millers_iPhone.csv"


def test_header_is_the_apps() -> None:
    assert len(COLUMNS) == 63 and sorted(SHAPES) == sorted(ARKIT_NAMES)
    assert COLUMNS[:3] == ("Timecode", "BlendShapeCount", "EyeBlinkLeft")
    assert COLUMNS[COLUMNS.index("JawForward") :][:4] == ("JawForward", "JawRight", "JawLeft", "JawOpen")
    assert COLUMNS[COLUMNS.index("MouthPucker") :][:3] == ("MouthPucker", "MouthRight", "MouthLeft")
    assert COLUMNS[53:] == (
        "TongueOut", "HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll",
        "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
    )  # fmt: skip


def test_columns_hold_the_shape_they_name(tmp_path: Path, animate: Make) -> None:
    animation = animate(frames=90, fps=60)
    lines = animation.save(tmp_path / "take.csv").read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS) and len(lines) == 91
    for frame, line in enumerate(lines[1:]):
        cells = dict(zip(COLUMNS, line.split(","), strict=True))
        assert cells["Timecode"] == f"00:00:{frame // 60:02d}:{frame % 60:02d}.500"
        assert cells["BlendShapeCount"] == "61" and cells["HeadYaw"] == cells["LeftEyePitch"] == "0.0000000000"
        for name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight", "tongueOut"):
            value = animation.arkit()[frame, ARKIT_INDEX[name]]
            assert cells[name[0].upper() + name[1:]] == f"{value:.10f}"


@pytest.mark.parametrize("fps", [30, 60])
def test_round_trip(tmp_path: Path, animate: Make, fps: int) -> None:
    saved = animate(frames=fps + 30, fps=fps)
    loaded = Animation.load(saved.save(tmp_path / "take.csv", fps=fps))
    assert (loaded.fps, len(loaded)) == (fps, len(saved))
    np.testing.assert_allclose(loaded.arkit(), saved.arkit(), atol=1e-6)


@pytest.mark.parametrize("fps", [24, 25, 29.97, 30, 50, 60, 120])
def test_at_the_apps_rate_whatever_the_motions(tmp_path: Path, animate: Make, fps: float) -> None:
    saved = animate(frames=round(2 * fps), fps=fps)
    loaded = Animation.load(saved.save(tmp_path / "take.csv"))
    assert (loaded.fps, len(loaded)) == (60, 120)
    np.testing.assert_allclose(loaded.motion, saved.resample(60).motion, atol=1e-6)


@pytest.mark.parametrize("fps", [24, 25, 29.97, 50, 59.94, 120])
def test_rates_that_importers_do_not_know_are_refused(tmp_path: Path, animate: Make, fps: float) -> None:
    with pytest.raises(ValueError, match=r"fps of a Live Link Face table must be 60 or 30, got .*nothing in it says"):
        animate(fps=fps).save(tmp_path / "take.csv", fps=fps)
    assert not (tmp_path / "take.csv").exists()


def in_base(table: list[list[str]], base: int) -> list[list[str]]:
    """The same rows counted as another program would: ``base`` frames to the second, from their beginning on."""
    codes = [f"00:00:{k // base:02d}:{k % base:02d}.000" for k in range(len(table) - 1)]
    return [table[0], *([code, *row[1:]] for code, row in zip(codes, table[1:]))]


@pytest.mark.parametrize("base", [24, 25, 30, 48, 50, 60, 100, 120])
def test_every_rate_is_read(tmp_path: Path, animate: Make, base: int) -> None:
    animation = animate(frames=200, fps=60)
    path = write(tmp_path / "other.csv", in_base(rows(animation, tmp_path / "take.csv"), base))
    loaded = Animation.load(path)
    assert loaded.fps == base and len(loaded) == 200
    np.testing.assert_allclose(loaded.motion, animation.motion, atol=1e-6)


@given(frame=st.integers(0, 60 * 86400 * 2), base=st.sampled_from([30, 60]))
def test_timecode_counts_frames(frame: int, base: int) -> None:
    hours, minutes, seconds, part = (float(x) for x in timecode(frame, base).split(":"))
    assert hours < 24 and minutes < 60 and seconds < 60 and part < base
    assert ((hours * 60 + minutes) * 60 + seconds) * base + part == frame % (base * 86400) + 0.5


def test_short_file_warns_and_takes_the_apps_rate(tmp_path: Path, animate: Make) -> None:
    path = write(tmp_path / "short.csv", rows(animate(frames=12, fps=60), tmp_path / "take.csv")[:13])
    with pytest.warns(UserWarning, match="too short to show its frame rate; taking 60 fps"):
        assert Animation.load(path).fps == 60
    assert Animation.load(path, fps=25).fps == 25


@pytest.mark.parametrize("first, known", [(0, False), (55, True)])
def test_two_seconds_tell_the_rate_if_one_is_nearly_full(
    first: int, known: bool, tmp_path: Path, animate: Make, recwarn: pytest.WarningsRecorder
) -> None:
    """Rows on both sides of a second: their numbers say 60 only if they reach so far."""
    table = rows(animate(frames=12, fps=60), tmp_path / "take.csv")[:13]
    for number, row in enumerate(table[1:]):
        row[0] = f"00:00:00:{first + number:02d}.000" if number < 5 else f"00:00:01:{number - 5:02d}.000"
    write(tmp_path / "short.csv", table)
    assert Animation.load(tmp_path / "short.csv").fps == 60
    assert any("too short to show" in str(warning.message) for warning in recwarn) is not known


def test_short_motion_is_held_until_its_rows_say_60(tmp_path: Path, animate: Make) -> None:
    table = rows(animate(frames=5, fps=60), tmp_path / "take.csv")
    assert len(table) == 32 and table[31][0] == "00:00:00:30.500"
    assert all(row[1:] == table[5][1:] for row in table[6:])
    assert len(rows(animate(frames=5, fps=30), tmp_path / "take.csv", fps=30)) == 6


def rows(animation: Animation, path: Path, **options: float) -> list[list[str]]:
    return [line.split(",") for line in animation.save(path, **options).read_text().splitlines()]


def write(path: Path, table: list[list[str]]) -> Path:
    path.write_text("\r\n".join(",".join(row) for row in table), encoding="utf-8-sig")
    return path


def test_read_by_name_whatever_case_order_and_extras(tmp_path: Path, animate: Make) -> None:
    animation = animate(fps=60)
    table = rows(animation, tmp_path / "take.csv")
    table[0] = [name.upper() for name in table[0]]
    table = [[*reversed(row), "Angry" if i == 0 else "0.5"] for i, row in enumerate(table)]
    loaded = Animation.load(write(tmp_path / "other.csv", table))
    np.testing.assert_allclose(loaded.motion, animation.motion, atol=1e-6)


def test_skipped_frames_and_lost_faces_are_interpolated(tmp_path: Path, animate: Make) -> None:
    animation = animate(fps=60)
    table = rows(animation, tmp_path / "take.csv")
    table[10][2:] = [""] * 61
    del table[30]
    loaded = Animation.load(write(tmp_path / "gaps.csv", table))
    assert len(loaded) == len(animation)
    expected = animation.motion
    for gap in (9, 29):
        expected[gap] = (expected[gap - 1] + expected[gap + 1]) / 2
    np.testing.assert_allclose(loaded.arkit()[:, ARKIT_INDEX["jawOpen"]], expected[:, 50] / 0.3, atol=1e-5)


def test_recording_over_midnight(tmp_path: Path, animate: Make) -> None:
    animation = animate(fps=60)
    table = rows(animation, tmp_path / "take.csv")
    for frame, row in enumerate(table[1:]):
        row[0] = timecode(86400 * 60 - 30 + frame, 60)
    loaded = Animation.load(write(tmp_path / "night.csv", table))
    np.testing.assert_allclose(loaded.motion, animation.motion, atol=1e-6)


def test_the_apps_own_file(assets: Path, tmp_path: Path) -> None:
    path = assets / REAL
    if not path.exists():
        pytest.skip(f"no {REAL} among the assets")
    header = path.read_text().splitlines()[0]
    assert header == ",".join(COLUMNS)
    loaded = Animation.load(path)
    assert loaded.fps == 60 and len(loaded) == 328 and loaded.arkit().max() > 0.2
    again = Animation.load(loaded.save(tmp_path / "again.csv"))
    np.testing.assert_allclose(again.arkit(), loaded.arkit(), atol=1e-6)


def test_bad_tables(tmp_path: Path, animate: Make) -> None:
    path = tmp_path / "take.csv"
    with pytest.raises(FileNotFoundError, match="does not exist"):
        Animation.load(path)
    table = rows(animate(fps=60), path)
    cases: list[tuple[str, list[list[str]]]] = [
        ("it is empty", []),
        ("columns are missing: Timecode, eyeBlinkLeft", [["a", "b"], ["1", "2"]]),
        (
            "columns are missing: jawOpen",
            [[c for c, n in zip(row, COLUMNS) if n != "JawOpen"] for row in table],
        ),
        ("no row holds a face", table[:1]),
        ("could not convert string to float: 'x'", [table[0], [table[1][0], "61", "x", *table[1][3:]]]),
        ("timecodes must be HH:MM:SS:FF.fff, got '1.5'", [table[0], ["1.5", *table[1][1:]]]),
        ("must have increasing timecodes; at 60 fps row 41", table + [table[40]]),
    ]
    for message, content in cases:
        if message.startswith("must have"):
            content = table[:41] + [table[40]] + table[41:]
        write(path, content)
        with pytest.raises(ValueError, match=message):
            Animation.load(path)
    write(path, [table[0], ["00:00:00:00", *table[1][1:-1], "nan"], ["00:00:00:01", "61", "nan", *table[1][3:]]])
    with pytest.raises(ValueError, match=r"take\.csv holds weights that are not finite"):
        Animation.load(path, fps=25)
    path.write_bytes(b"\xff\xfe\x00\x01" * 50)
    with pytest.raises(ValueError, match="not a Live Link Face CSV"):
        Animation.load(path)


def test_a_small_table_that_claims_hours(tmp_path: Path, animate: Make) -> None:
    table = rows(animate(), tmp_path / "take.csv")
    apart = [table[0], ["00:00:00:00", *table[1][1:]], ["08:00:00:00", *table[2][1:]]]
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"path .*hours\.csv claims 1728001 frames, 28800 s, in 2 rows; at most 16"):
        Animation.load(write(tmp_path / "hours.csv", apart), fps=60)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()
    apart[2][0] = "00:00:59:00"
    assert len(Animation.load(write(tmp_path / "minute.csv", apart), fps=60)) == 59 * 60 + 1
    with use_budget("1M"), pytest.raises(ValueError, match=r"minute\.csv: its 3541 frames brings its content to"):
        Animation.load(tmp_path / "minute.csv", fps=60)
    with use_budget("1M"), pytest.raises(ValueError, match=r"long\.csv: its rows brings its content to 1 MB"):
        Animation.load(write(tmp_path / "long.csv", table + table[1:] * 50))


def test_how_long_a_table_of_sixty_rows_may_be(tmp_path: Path, animate: Make) -> None:
    table = rows(animate(), tmp_path / "take.csv")[:61]
    table[60][0] = "00:01:15:59.500"  # as late as the first row; 16 frames a row and a minute are 4560
    assert len(Animation.load(write(tmp_path / "long.csv", table), fps=60)) == 4560
    table[60][0] = "00:01:16:00.500"
    with pytest.raises(ValueError, match="claims 4561 frames, 76 s, in 60 rows"):
        Animation.load(write(tmp_path / "longer.csv", table), fps=60)


@pytest.mark.parametrize("code", ["nan:00:00:00", "00:inf:00:00", "00:00:00:1e300", "-1:00:00:00", "24:00:00:00"])
def test_timecodes_that_are_none(code: str, tmp_path: Path, animate: Make) -> None:
    table = rows(animate(), tmp_path / "take.csv")
    table[5][0] = code
    with pytest.raises(ValueError, match=r"path .*odd\.csv is not a Live Link Face CSV: timecodes must be HH:MM:SS:FF"):
        Animation.load(write(tmp_path / "odd.csv", table))


def test_an_hour_back_is_no_midnight(tmp_path: Path, animate: Make) -> None:
    table = rows(animate(fps=60), tmp_path / "take.csv")
    for frame, row in enumerate(table[1:]):
        row[0] = timecode((3600 if frame < 20 else 0) * 60 + frame, 60)
    with pytest.raises(ValueError, match="must have increasing timecodes; at 60 fps row 21"):
        Animation.load(write(tmp_path / "back.csv", table))


def test_rows_at_uneven_times_are_put_on_frames(tmp_path: Path, animate: Make) -> None:
    animation = animate(frames=3, fps=60)
    table = rows(animation, tmp_path / "take.csv")[:4]
    for row, code in zip(table[1:], ("00:00:00:00.000", "00:00:00:01.400", "00:00:00:02.000")):
        row[0] = code
    loaded = Animation.load(write(tmp_path / "uneven.csv", table), fps=60)
    first, second = animation.arkit()[:2, JAW]
    assert loaded.arkit()[1, JAW] == pytest.approx(first + (second - first) / 1.4, abs=1e-5)


def test_a_frame_number_of_the_highest_rate_needs_its_fps(tmp_path: Path, animate: Make) -> None:
    table = rows(animate(frames=200, fps=60), tmp_path / "take.csv")
    for frame, row in enumerate(table[1:]):
        row[0] = f"00:00:{frame // 121:02d}:{frame % 121:03d}.000"
    with pytest.raises(ValueError, match=r"counts 120 frames in a second; pass its fps"):
        Animation.load(write(tmp_path / "fast.csv", table))
