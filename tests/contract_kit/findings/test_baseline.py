"""Baselines: known failures with an owner and an expiry date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from contract_tests.errors import UsageError
from contract_tests.findings import baseline
from contract_tests.findings.baseline import Baseline
from contract_tests.findings.finding import Finding, Verdicts
from contract_tests.findings.known import UNDECLARED
from tests.contract_kit import faulty
from tests.contract_kit.program import Outcome, kit

TODAY = date(2026, 3, 18)
ENTRY = """\
- operation: get_balance
  kind: response_schema
  where: /response/200/body/tier
  keyword: enum
  owner: payments
  reason: "BILL-1: a new tier"
  expires: 2026-03-18
"""


def finding(
    where: str = "/response/200/body/tier", keyword: str = "enum", operation: str = "get_balance"
) -> Finding:
    return Finding(
        operation, "response_schema", where, keyword, "documented", "free", "gold", "#/paths"
    )


def load(path: Path, text: str, today: date = TODAY) -> Baseline:
    path.write_text(text)
    return Baseline.load(path, today)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "known.yaml"


def test_an_entry_accepts_its_finding_until_the_end_of_its_last_day(file: Path) -> None:
    """The accepted finding has the owner, the reason and the date of the entry."""
    (known,) = load(file, ENTRY).apply([finding()])
    assert known.known == "payments: BILL-1: a new tier, until 2026-03-18"
    assert known.key == finding().key


@pytest.mark.parametrize(
    "other",
    [
        finding(where="/response/200/body/tiers"),
        finding(where="/response/200/body"),
        finding(keyword="type"),
        finding(operation="get_usage_alerts"),
        Finding(
            "get_balance",
            "state",
            "/response/200/body/tier",
            "enum",
            "documented",
            "a",
            "b",
            "#/paths",
        ),
    ],
)
def test_a_finding_with_another_key_is_not_accepted(file: Path, other: Finding) -> None:
    """An entry only accepts its own operation, kind, place and keyword."""
    accepted = load(file, ENTRY)
    assert [result.known for result in accepted.apply([other])] == [""]
    assert other.key not in accepted.accepted


def test_an_expired_entry_accepts_nothing_and_is_reported(file: Path) -> None:
    """The note has the file, the line, the date and the owner."""
    expired = load(file, "\n" + ENTRY, date(2026, 3, 19))
    assert [result.known for result in expired.apply([finding()])] == [""]
    assert expired.notes([finding()], {"get_balance"}) == [
        f"{file}:2: expired on 2026-03-18 and accepts nothing (payments: BILL-1: a new tier)"
    ]


def test_an_unmatched_entry_is_reported(file: Path) -> None:
    """An unmatched entry is reported only if its operation was tested."""
    stale = load(file, ENTRY)
    (note,) = stale.notes([finding(keyword="type")], {"get_balance"})
    assert note.startswith(
        f"{file}:1: nothing is found here any more (get_balance response_schema "
    )
    assert stale.notes([], {"list_invoices"}) == []
    assert stale.notes([finding()], {"get_balance"}) == []


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]\n"])
def test_an_empty_baseline_accepts_nothing(file: Path, text: str) -> None:
    """A file without entries is a valid baseline."""
    assert load(file, text).accepted == {}


def without(line: str) -> str:
    assert f"  {line}\n" in ENTRY
    return ENTRY.replace(f"  {line}\n", "")


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("a: [\n", 2, "is not valid YAML"),
        ("\x01", None, "is not valid YAML"),
        ("[" * 50_000, 1, "is nested too deeply"),
        ("entries: []\n", 1, "a baseline is a list of entries, each with operation, kind, where, "),
        ("accept everything\n", 1, "a baseline is a list of entries"),
        (ENTRY + "- all\n", 8, "an entry must have the fields"),
        (
            ENTRY + "  pointer: /x\n",
            8,
            "'pointer' is no field of an entry; its fields are operation, kind, ",
        ),
        (ENTRY + "  [a]: b\n", 8, "'?' is no field of an entry"),
        (ENTRY + "  owner: me\n", 8, "'owner' is given twice"),
        (without("owner: payments"), 1, "the entry misses owner"),
        (without("expires: 2026-03-18"), 1, "the entry misses expires"),
        (without("keyword: enum"), 1, "the entry misses keyword"),
        (ENTRY.replace("payments", '" "'), 5, "'owner' must be text, not empty"),
        (ENTRY.replace("payments", "[a, b]"), 5, "'owner' must be text"),
        (ENTRY.replace("payments", ""), 5, "'owner' must be text, not empty"),
        (
            ENTRY.replace("2026-03-18", "soon"),
            1,
            "'expires' must be a date such as 2026-05-31, not 'soon'",
        ),
        (ENTRY.replace("2026-03-18", "2026-02-30"), 1, "'expires' must be a date"),
        (ENTRY + ENTRY, 8, "is the same finding as the entry of line 1"),
    ],
)
def test_an_invalid_baseline_is_rejected_with_its_line(
    file: Path, text: str, line: int | None, expected: str
) -> None:
    """An invalid baseline is rejected before any request."""
    with pytest.raises(UsageError) as caught:
        load(file, text)
    assert str(caught.value).startswith(f"{file}:{line}: " if line else f"{file}: ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unreadable_file_is_reported(file: Path) -> None:
    """A missing file and a file that is not UTF-8 are reported."""
    with pytest.raises(
        UsageError, match=r"known\.yaml: cannot be read \(No such file or directory\)"
    ):
        Baseline.load(file, TODAY)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"known\.yaml: is not UTF-8 text"):
        Baseline.load(file, TODAY)


def test_a_written_baseline_accepts_its_findings_for_thirty_days(file: Path) -> None:
    """Special characters in keys and reasons survive writing and reading."""
    odd = finding(where="/response/body/a: 'b' # c/*", keyword="2026-01-01")
    text = baseline.text([finding(), odd], "yes", "- because: 1", TODAY)
    last, after = load(file, text, date(2026, 4, 17)), load(file, text, date(2026, 4, 18))
    assert set(last.accepted) == {finding().key, odd.key}
    assert [(entry.owner, entry.reason) for entry in last.entries] == [("yes", "- because: 1")] * 2
    assert after.accepted == {}


def of_gap(*gaps: int) -> Finding:
    """Return a finding that the balance exceeds its ledger by so many microcents."""
    found = Verdicts()
    for gap in gaps:
        key = ("get_balance", "money", "/response/body/balance_microcents", "sum")
        found.add(Finding(*key, "assumed", "1,000 by the ledger", str(1000 + gap), "#/paths"))
    return next(iter(found))


def test_an_entry_about_an_amount_holds_its_size(file: Path) -> None:
    """An entry that was written at a gap of 1 microcent accepts no gap of 1,000 dollars."""
    known = load(file, baseline.text([of_gap(1)], "me", "x", TODAY))
    large = of_gap(1, 100_000_000_000)
    assert known.accepts(of_gap(1, 1))
    assert not known.accepts(large)
    assert known.notes([large], {"get_balance"}) == [
        f"{file}:1: the difference is now 1, 100000000000, and 1 is accepted"
    ]
    assert large.got == "100000001000", "the largest difference is shown"


def test_an_entry_about_an_undeclared_request_is_not_silent(file: Path) -> None:
    """When undeclared requests were sent, an entry about one that matches nothing is a note."""
    known = load(file, ENTRY.replace("get_balance", "PATCH /api/v1/billing/balance"))
    assert known.notes([], {"get_balance"}) == []
    (note,) = known.notes([], {"get_balance", UNDECLARED})
    assert "nothing is found here any more" in note


def test_an_entry_without_a_size_accepts_any_difference(file: Path) -> None:
    """Baselines that were written before sizes were kept go on working."""
    text = baseline.text([of_gap(1)], "me", "x", TODAY)
    without = "".join(line for line in text.splitlines(keepends=True) if "size:" not in line)
    assert without != text
    assert load(file, without).accepts(of_gap(2))


# ---------------------------------------------------------------------- on the command line


@pytest.mark.slow
def test_a_run_passes_with_its_own_baseline_until_a_new_failure(
    tmp_path: Path,
) -> None:
    """A baseline written by one run is accepted by the next; a new failure fails the run."""
    known = tmp_path / "known.yaml"

    def run(fault: str, *words: str | Path, only: str = "get_balance") -> Outcome:
        with faulty.mock(fault) as mock:
            return kit("run", mock.url, "--mock", "--phases", "reads", "--only", only, *words)

    owner = ("--baseline-owner", "me", "--baseline-reason", "first run")
    first = run("text_for_number", "--write-baseline", known, *owner)
    assert first.code == 1
    assert f"1 failure written to {known}" in first.err
    second = run("text_for_number", "--baseline", known)
    assert second.code == 0
    assert "KNOWN: accepted by a baseline or an overlay (1 cause, 1 finding)" in second.out
    assert "accepted me: first run, until " in second.out
    assert second.verdict.startswith(
        "PASSED: 0 failures, 0 differences, 0 drift, 1 known from 1 cause; "
    )
    assert "ended early" not in run("text_for_number", "--baseline", known, "--fail-fast").verdict
    other = run("field_lost", "--baseline", known)
    assert other.code == 1
    assert other.verdict.startswith("FAILED: 1 failure, ")
    again = run("text_for_number", "--write-baseline", known, *owner)
    assert again.code == 2
    assert "is there already" in again.error_line


def test_only_a_whole_run_reports_an_unmatched_entry(tmp_path: Path) -> None:
    """A run with fewer drivers does not report unmatched entries."""
    known = tmp_path / "known.yaml"
    known.write_text(ENTRY.replace("2026-03-18", "9999-12-31"))
    with faulty.mock() as mock:
        words = ("run", mock.url, "--mock", "--only", "get_balance", "--baseline", known)
        whole, part = kit(*words, "--max-examples", "2"), kit(*words, "--phases", "reads")
    assert whole.code == part.code == 0
    assert f"{known}:1: nothing is found here any more" in whole.out
    assert "any more" not in part.out
