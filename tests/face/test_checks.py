"""The shipped head keeps every limit of the automatic checks."""

from authoring import checks


def test_the_shipped_head_fails_no_check():
    assert checks.failures(*checks.check(checks.load())) == []
