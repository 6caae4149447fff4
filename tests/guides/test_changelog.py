"""The changelog names releases as its readers expect them."""

from __future__ import annotations

import re
import tomllib
from datetime import date

from tests.guides.markdown import ROOT

TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RELEASES = re.findall(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$", TEXT, re.M)
SECTIONS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Contract"}


def test_the_newest_release_is_the_version_of_the_package() -> None:
    """Whoever raises the version writes what it brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert RELEASES[0][0] == project["project"]["version"]


def test_every_release_is_dated_and_the_newest_comes_first() -> None:
    """Each heading of a release is a version and a day, but for what is unreleased."""
    headings = re.findall(r"^## (.+)$", TEXT, re.M)
    assert [heading for heading in headings if heading != "Unreleased"] == [
        f"{version} - {day}" for version, day in RELEASES
    ]
    days = [date.fromisoformat(day) for _, day in RELEASES]
    assert days == sorted(days, reverse=True)


def test_sections_are_those_of_keep_a_changelog() -> None:
    """The contract's own changes have a section, too."""
    assert set(re.findall(r"^### (.+)$", TEXT, re.M)) <= SECTIONS
