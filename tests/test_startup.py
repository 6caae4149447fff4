"""What a start leaves out. It is imported when it is first needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

_START = """
import sys
from mockserver import app, banner, packaged, settings
chosen = settings.read({}, {}, spec=packaged.spec(), fixtures=packaged.fixtures())
server = app.build(chosen)
banner.text("http://127.0.0.1:8080", server)
server.world.state.tenant("sk_test_default")
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def modules() -> set[str]:
    """The modules that are loaded once a server is built and has an account."""
    command = [sys.executable, "-c", _START]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "connexion",
        "faker",
        "jinja2",
        "mockserver.billing.control.operations",
        "mockserver.billing.hosted.site",
        "mockserver.billing.stripe.routes",
        "mockserver.contract",
        "mockserver.control.service",
        "mockserver.docs",
        "mockserver.generator.builder",
        "mockserver.watch",
        "starlette.routing",
    ],
)
def test_a_start_does_not_import(modules: set[str], module: str) -> None:
    """A module that few servers use costs no server its start-up time and memory."""
    assert module not in modules
