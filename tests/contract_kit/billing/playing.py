"""Runs of stories and races against the mock, correct or with a fault."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from unittest import mock

from contract_tests.context import Run
from contract_tests.runner import perform
from contract_tests.settings import API_KEY_ENV
from tests.contract_kit.driving import make_run
from tests.contract_kit.program import PROJECT

EXAMPLE = PROJECT / "examples" / "hooks" / "mock.py"
ORGANIZATION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"


def played(url: str, *phases: str, **settings: Any) -> Run:
    """Perform the phases, and return the run."""
    run = make_run(url, phases=phases, **settings)
    perform(run)
    return run


def played_by_hooks(url: str, folder: Path, *phases: str, **settings: Any) -> Run:
    """Perform the phases on a mock that is tested as any deployment, with hooks."""
    settings = {
        "hooks": EXAMPLE,
        "allow_irreversible": True,
        "journal": folder / "journal",
        "organization_id": ORGANIZATION,
        "environment": {API_KEY_ENV: "sk_test_by_hooks"},
        **settings,
    }
    with mock.patch.dict(os.environ, {"MOCK_URL": url}):
        return played(url, *phases, **settings)


def rules(run: Run) -> set[str]:
    """Return the rules that are broken."""
    return {finding.keyword for finding in run.verdicts}


def skipped(run: Run) -> dict[str, str]:
    return {story.what: story.why for story in run.skipped}
