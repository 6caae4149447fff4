"""The report on the terminal: order, bounds, and harmless text."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from contract_tests.findings.result import Result
from contract_tests.reports import terminal
from contract_tests.reports.document import document
from tests.contract_kit.reports.samples import (
    ALL,
    COUNT,
    TIER,
    exchange,
    finding,
)


def test_the_terminal_shows_failures_first_and_the_verdict_last(
    make: Callable[..., Result],
) -> None:
    """Findings are grouped by grade, under a heading with their number."""
    shown = [text for text, _ in terminal.lines(document(make(*ALL)))]
    headings = [
        text for text in shown if re.fullmatch(r"[A-Z]+.* \(\d+ causes?, \d+ findings?\)", text)
    ]
    assert [text.split()[0] for text in headings] == [
        "FAILURES",
        "DIFFERENCES:",
        "DRIFT:",
        "KNOWN:",
    ]
    assert [text.split("(")[-1] for text in headings] == [
        "3 causes, 3 findings)",
        "1 cause, 1 finding)",
        "1 cause, 1 finding)",
        "1 cause, 1 finding)",
    ]
    assert shown[-1].startswith(
        "FAILED: 3 failures, 1 difference, 1 drift, 1 known from 6 causes; "
        f"3 of {COUNT} operations, 1,234 requests"
    )


def test_the_terminal_escapes_control_characters(
    make: Callable[..., Result], capsys: pytest.CaptureFixture[str]
) -> None:
    """A response cannot control the terminal."""
    from rich.console import Console

    terminal.show(document(make(*ALL)), Console(force_terminal=False))
    output = capsys.readouterr().out
    assert "\\x1b[31m" in output
    assert "\x1b" not in output
    assert "\x00" not in output


def test_long_values_and_many_steps_are_shortened(make: Callable[..., Result]) -> None:
    """The last changing steps and both ends of a long value are shown."""
    writes = [
        exchange(number, "POST", request_body=b'{"a": "%s"}' % (b"x" * 900))
        for number in range(1, 21)
    ]
    reads = [exchange(number) for number in range(21, 30)]
    long = finding(expected="a" + "b" * 5_000 + "c", got="d" * 5_000, steps=(*writes, *reads))
    shown = [text for text, _ in terminal.lines(document(make(long)))]
    assert max(map(len, (line for line in shown if "curl" not in line))) < 260
    assert sum("POST /api/v1/billing/balance" in line for line in shown) == terminal.MAX_STEPS
    assert any("15 steps before" in line for line in shown)
    assert any(line.endswith("bc  (documented)") for line in shown)


def test_many_findings_are_counted_but_not_all_shown(make: Callable[..., Result]) -> None:
    """The rest is in the report files."""
    many = [finding(operation=f"operation_{number}") for number in range(50)]
    others = [finding(spec=f"{TIER}/{i}", where=f"/response/200/body/{i}") for i in range(50)]
    shown = [text for text, _ in terminal.lines(document(make(*many, *others)))]
    assert sum(line.startswith("\nmajor: ") for line in shown) == terminal.MAX_SHOWN["failure"]
    assert any("and 11 more causes" in line for line in shown)
    assert sum(line.startswith("      also ") for line in shown) == terminal.MAX_PLACES
    assert any("and 46 places more" in line for line in shown)
    assert "FAILED: 100 failures" in shown[-1]
