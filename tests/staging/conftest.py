"""One strict deployment for the tests that change nothing in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.staging.probe import Probe


@pytest.fixture
def deployment(tmp_path: Path) -> Callable[..., Probe]:
    """Make a deployment with some deviations."""
    count = iter(range(100))
    return lambda *names: Probe(tmp_path / f"{next(count)}.sqlite", *names)
