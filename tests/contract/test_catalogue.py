"""The checks of oasdiff are the yardstick of the diff: each is shown by the smallest documents."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import orjson
import pytest

from mockserver.contract.changes import Change
from mockserver.contract.comparison import compare
from mockserver.contract.lifecycle import Policy
from tests.contract.documents import JSON, PLACES, Json
from tests.contract.other_cases import OTHER_CASES
from tests.contract.schema_cases import SCHEMA_CASES

CHECKS = [
    line
    for line in (Path(__file__).parent / "oasdiff_checks.txt").read_text().splitlines()
    if not line.startswith("#")
]
OTHER_NAMES = {
    "endpoint-added": "api-added",
    "endpoint-deprecated": "api-deprecated",
    "endpoint-deprecated-with-sunset": "api-deprecated-with-sunset",
    "endpoint-reactivated": "api-reactivated",
    "api-deprecated-sunset-parse": "api-deprecated-sunset-invalid",
    "sunset-deleted": "api-sunset-deleted",
    "response-mediatype-enum-value-removed": "response-body-enum-value-removed",
}
"""Our kinds that have another name than the check."""
NOT_COVERED = {"new-request-path-parameter"}
"""The checks that the diff does not have: a path with another parameter is another path."""
TODAY = date(2026, 12, 1)


def case_of(check: str) -> tuple[Json, Json]:
    """Return the smallest pair of documents of a check."""
    if check in OTHER_CASES:
        return OTHER_CASES[check]
    kind = OTHER_NAMES.get(check, check)
    place = max((place for place in PLACES if kind.startswith(f"{place}-")), key=len)
    old, new = SCHEMA_CASES[kind.removeprefix(f"{place}-")]
    media = "application/xml" if kind.endswith("-compatible") else JSON
    return PLACES[place](old, media), PLACES[place](new, media)


def changes(folder: Path, old: Json, new: Json, days: int = 0) -> list[Change]:
    """Return what changed between two documents."""
    paths = folder / "old.json", folder / "new.json"
    for path, content in zip(paths, (old, new), strict=True):
        path.write_bytes(orjson.dumps(content))
    return compare(*paths, Policy(TODAY, days))


@pytest.mark.parametrize("check", [check for check in CHECKS if check not in NOT_COVERED])
def test_each_check_has_a_kind_of_change(check: str, tmp_path: Path) -> None:
    """Its smallest pair of documents has a change of this kind, with a sentence and a line."""
    old, new = case_of(check)
    found = changes(tmp_path, old, new, days=30 if "sunset-missing" in check else 0)
    kind = OTHER_NAMES.get(check, check)
    (change,) = [change for change in found if change.kind == kind]
    assert change.text.endswith(".")
    assert change.text[0] == change.text[0].upper()
    assert "{" not in change.text
    assert change.line == 1


def test_the_number_of_covered_checks_is_known() -> None:
    """The guide states both numbers."""
    assert (len(CHECKS), len({*CHECKS} - NOT_COVERED)) == (560, 559)


def test_a_document_does_not_differ_from_itself(tmp_path: Path) -> None:
    """No rule reports what is the same."""
    for old, new in OTHER_CASES.values():
        assert changes(tmp_path, old, old) == changes(tmp_path, new, new) == []
