"""The frontend test of ``examples/any-document``, run as its users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import ROOT

EXAMPLE = ROOT / "examples" / "any-document"


@pytest.mark.slow
@pytest.mark.usefixtures("browser")  # skipped where there is none
def test_the_frontend_test_of_the_shop_passes() -> None:
    """The page creates, lists, buys and is refused, against a mock of its document alone."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE)]
    environment = {**os.environ, "PATH": path}
    run = subprocess.run(
        command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout
    assert "3 passed" in run.stdout
