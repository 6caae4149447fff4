"""Named sets: the files of ``fixtures/faults/``, and the errors of invalid ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver import packaged
from mockserver.faults import sets
from mockserver.faults.rule import Rule, problems
from mockserver.openapi.contract import Contract
from mockserver.openapi.yaml_file import FileError

PACKAGED = sets.load(packaged.fixtures() / "faults")

GOOD = """\
title: A set
about: For a test.
rules:
  - name: first
    operations: [get_balance]
    share: 0.5
    status: 503
    headers: { X-Invented: "42" }
  - name: second
    latency: { median_ms: 10, p95_ms: 20 }
"""


def written(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_set_is_read_as_it_is_written(tmp_path: Path) -> None:
    """Fields have the names of the control API."""
    written(tmp_path, GOOD)
    first, second = sets.load(tmp_path)["mine"].rules
    assert (first.operations, first.share, first.status, first.next) == (
        ["get_balance"],
        0.5,
        503,
        None,
    )
    assert second.latency is not None
    assert second.latency.p95_ms == 20


def test_a_folder_without_sets_has_none(tmp_path: Path) -> None:
    """A user's own fixtures need no sets."""
    assert sets.load(tmp_path / "faults") == {}


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "status: 503",
            "status: 200",
            7,
            "rules.0.status: must be an error status, from 400 to 599",
        ),
        ("status: 503", "status: often", 7, "rules.0.status"),
        ("status: 503", "stauts: 503", 7, "rules.0.stauts: is not a known field here"),
        ("share: 0.5", "share: 50", 6, "rules.0.share: must be more than 0 and at most 1"),
        (
            "share: 0.5",
            "connection: reset",
            6,
            "rules.0.connection: cannot be combined with status",
        ),
        ("    status: 503\n", "", 8 - 1, "rules.0.headers: requires a status"),
        ("median_ms: 10", "ms: 10", 10, "rules.1.latency: must be 'ms' alone"),
        ("p95_ms: 20", "p95_ms: 9", 10, "rules.1.latency.p95_ms: must not be less than median_ms"),
        ("name: second", "name: first", 9, "'first' is already that of rules.0"),
        ("name: second", "name: a b", 9, "rules.1.name: must be letters"),
        ("title: A set\n", "", 1, "title"),
        (GOOD[GOOD.index("rules:") :], "rules: []", 3, "rules: must have 1 to 20 entries"),
    ],
)
def test_the_error_of_a_set_has_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    """The format is ``file:line: field: problem``, so that an editor can jump there."""
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(FileError) as caught:
        sets.load(tmp_path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert words in str(caught.value)


def test_the_name_of_a_set_is_plain(tmp_path: Path) -> None:
    """It is used in URLs and on the command line."""
    written(tmp_path, GOOD, "my set.yaml")
    with pytest.raises(FileError, match=r"my set\.yaml: must have a name of letters"):
        sets.load(tmp_path)


def test_the_error_of_an_unknown_operation_has_its_line(tmp_path: Path) -> None:
    """Operations are validated once the contract is loaded."""
    path = written(tmp_path, GOOD.replace("get_balance", "get_balnce"))
    with pytest.raises(FileError) as caught:
        sets.check_operations(sets.load(tmp_path), tmp_path, ["get_balance"])
    assert str(caught.value).startswith(
        f"{path}:5: rules.0.operations.0: 'get_balnce' is not an operation of the contract"
    )


def packaged_rules() -> list[Rule]:
    return [rule for fault_set in PACKAGED.values() for rule in fault_set.rules]


def test_the_packaged_sets_fit_the_contract(contract: Contract) -> None:
    """Every rule of every packaged set is valid."""
    assert set(PACKAGED) == {
        "flaky",
        "outage",
        "rate-limited",
        "slow-3g",
    }
    assert [list(problems(rule, contract.operations)) for rule in packaged_rules()] == [[]] * len(
        packaged_rules()
    )


def test_rules_of_different_packaged_sets_have_different_names() -> None:
    """Equal names would draw equal random numbers."""
    names = [rule.name for rule in packaged_rules()]
    assert len(set(names)) == len(names)
