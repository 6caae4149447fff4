"""Deployments within the process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copyfile

import pytest

from tests.staging.probe import Probe

_IN_THE_PAST = {"prefixed_ids", "new_plan", "sparse_audit", "other_audit_names"}
"""Deviations that show in the past of an account, and so need a past of their own."""


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database with the accounts and their past."""
    path = tmp_path_factory.mktemp("staging") / "past.sqlite"
    site = Probe(path).site
    site.database.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def deployment(tmp_path: Path, past: Path) -> Callable[..., Probe]:
    """Make a deployment with some deviations."""
    count = iter(range(100))

    def make(*names: str) -> Probe:
        database = tmp_path / f"{next(count)}.sqlite"
        if _IN_THE_PAST.isdisjoint(names):
            copyfile(past, database)
        return Probe(database, *names)

    return make
