"""One policy for what a file may cost: sizes in words, the budget, and claims that exceed it."""

from __future__ import annotations

import pytest

from emoface.limits import VARIABLE, Account, Budget, OverBudget, budget, parse_size, size_text, use_budget


@pytest.mark.parametrize(
    "text, size", [("1000000", 10**6), ("512M", 512 * 2**20), ("2G", 2**31), (" 2 G".replace(" ", ""), 2**31),
                   ("3kb", 3072), ("1TiB", 2**40)],
)  # fmt: skip
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1", "1.5G", "1E9", "2 GX", "9" * 40])
def test_other_sizes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a budget must be a number of bytes such as 512M or 2G"):
        parse_size(text)


def test_sizes_in_words() -> None:
    assert [size_text(n) for n in (0, 999, 1500, 2_870_000_000, 75 * 10**9, 512_345_678)] == [
        "0 bytes", "999 bytes", "1.5 kB", "2.9 GB", "75 GB", "512 MB",
    ]  # fmt: skip


def test_the_environment_and_a_block_override_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert budget() == Budget()
    monkeypatch.setenv(VARIABLE, "2M")
    assert budget().memory == 2 * 2**20
    with use_budget("3M") as inner:
        assert budget() == inner and inner.memory == 3 * 2**20
        with use_budget(4 * 2**20):
            assert budget().memory == 4 * 2**20
    assert budget().memory == 2 * 2**20
    monkeypatch.setenv(VARIABLE, "much")
    with pytest.raises(ValueError, match=r"got 'much' \(EMOFACE_BUDGET\)"):
        budget()


def test_a_budget_is_a_number_of_bytes() -> None:
    with pytest.raises(TypeError, match="memory must be an integer, got float"):
        Budget(1e9)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="memory must be at least 1048576, got 5"):
        Budget(5)


def test_claims_name_path_claim_and_limit() -> None:
    with use_budget(2**20):
        account = Account("some/take.npz")
        with pytest.raises(OverBudget, match=r"path some/take.npz: 'a' claims 5 kB, but the file can hold 10 bytes"):
            account.claim("'a'", 5000, held=10)
        account.claim("'a'", 2**19)
        account.claim("'b'", 2**19)
        with pytest.raises(OverBudget, match=r"take.npz: 'c' brings its content to 1 MB, the budget is 1 MB \(EMO"):
            account.claim("'c'", 1)
        with pytest.raises(OverBudget, match="claims a negative size"):
            Account("x").claim("'a'", -1)
