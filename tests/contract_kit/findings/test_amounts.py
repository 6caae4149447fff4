"""The size of a difference between amounts."""

from __future__ import annotations

import pytest

from contract_tests.findings.amounts import sizes_of


@pytest.mark.parametrize(
    ("expected", "got", "sizes"),
    [
        ("1000", "1001", ("1",)),
        ("9,491 by the ledger", "9,490", ("-1",)),
        ("$12.34, by its amount", "$1,011.34", ("999.00",)),
        ("-5", "5", ("10",)),
        ("an invoice of 500 cents", "none", ()),
        ("2026-03-18", "2026-03-19", ()),
        ("true", "false", ()),
    ],
)
def test_the_size_is_the_difference_of_the_first_numbers(
    expected: str, got: str, sizes: tuple[str, ...]
) -> None:
    """Dates and texts have no size; signs, dollars and separators are read."""
    assert sizes_of("money", expected, got) == sizes


def test_only_findings_about_amounts_have_a_size() -> None:
    """A schema's minimum is no amount of the books."""
    assert sizes_of("response_schema", "minimum: 1", "0") == ()
