"""``mockserver resources``: prints what is inferred from a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.cli import main
from tests.cli.program import refusal
from tests.resources.documents import NOTES
from tests.resources.shop import SHOP


def test_resources_are_printed_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its identity, and its operations by role."""
    assert main(["resources", "--spec", str(NOTES)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "resource  identity  role    operation    method and path",
        "notes     id        list    list_notes   GET /notes",
        "                    create  create_note  POST /notes",
        "                    read    get_note     GET /notes/{note_id}",
        "                    update  update_note  PATCH /notes/{note_id}",
        "                    delete  delete_note  DELETE /notes/{note_id}",
    ]


def test_other_operations_are_listed_below(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are served from examples and schemas."""
    path = tmp_path / "shop.yaml"
    correction = "  /settings:\n    x-mock-resource: false\n"
    path.write_text(SHOP.read_text().replace("  /settings:\n", correction))
    assert main(["resources", "--spec", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "Served from examples and schemas alone:\n  getSettings      GET /settings" in printed


def test_wrong_flags_and_documents_are_refused(tmp_path: Path) -> None:
    """One line, exit code 2."""
    assert "No such file" in refusal("resources", "--spec", tmp_path / "none.yaml")
    assert "unrecognized arguments: --nothing" in refusal("resources", "--nothing")


@pytest.mark.parametrize("value", ["-1", "1001", "many", ""])
def test_a_wrong_number_of_items_is_refused(value: str) -> None:
    """The line names the flag and what it wants."""
    text = refusal("--spec", SHOP, f"--items={value}")
    assert "--items must be a whole number from 0 to 1000" in text
