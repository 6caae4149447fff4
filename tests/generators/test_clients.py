"""Clients that four generators make of the contract's edition for clients compile and run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunningServer
from tests.contract_kit.exchanges import example
from tests.contract_kit.recorder import as_json, recording
from tests.generators.tools import (
    NODE_MODULES,
    PROGRAMS,
    PROJECT,
    java_tool,
    npm_tool,
    python_tool,
)
from tests.outside.tools import run

pytestmark = pytest.mark.slow

CLIENTS = PROJECT / "spec" / "dist" / "openapi-clients.yaml"
CONTRACT = PROJECT / "spec" / "openapi.yaml"
NEW_TIER = "platinum"
SECONDS = 240
STRICT = ("--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess")
MODERN = ("--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom,dom.iterable")

Command = list[str | Path]
Generator = Callable[[Path], Command]
"""Makes a client in a folder, compiles a program with it, and returns the program's command."""


# --------------------------------------------------------------------------------------- TypeScript


def openapi_typescript(folder: Path) -> Command:
    """Make types; openapi-fetch sends the requests. Fields with a default stay optional."""
    options = ["--default-non-nullable", "false", "-o", "api.d.ts"]
    run([npm_tool("openapi-typescript"), CLIENTS, *options], cwd=folder, within=SECONDS)
    return compiled(folder, "fetch")


def orval(folder: Path) -> Command:
    """Make functions on fetch."""
    settings = {
        "billing": {"input": str(CLIENTS), "output": {"target": "billing.ts", "client": "fetch"}}
    }
    (folder / "orval.config.cjs").write_text(f"module.exports = {json.dumps(settings)};")
    run([npm_tool("orval"), "--config", "orval.config.cjs"], cwd=folder, within=SECONDS)
    return compiled(folder, "orval")


def compiled(folder: Path, program: str) -> Command:
    """Compile a TypeScript program in the strictest mode and return its command."""
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(NODE_MODULES)
    shutil.copy(PROGRAMS / f"{program}.ts", folder)
    words = [*STRICT, *MODERN, "--skipLibCheck", "--types", "node", "--outDir", "out"]
    run([npm_tool("tsc"), *words, f"{program}.ts"], cwd=folder, within=SECONDS)
    return [shutil.which("node") or "node", folder / "out" / f"{program}.js"]


# ------------------------------------------------------------------------------------------- Python


def openapi_python_client(folder: Path) -> Command:
    """Make a package on httpx and attrs."""
    make_typed_client(folder, CLIENTS)
    return checked(folder, "typed")


def make_typed_client(folder: Path, document: Path) -> None:
    """Make the package of openapi-python-client."""
    words: Command = ["generate", "--path", document, "--output-path", "typed_client"]
    generator = python_tool("openapi-python-client")
    path = f"{generator.parent}{os.pathsep}{os.environ['PATH']}"  # it runs ruff
    run([generator, *words, "--meta", "none"], cwd=folder, within=SECONDS, PATH=path)


def openapi_generator(folder: Path) -> Command:
    """Make a package on urllib3 and pydantic."""
    words: Command = ["generate", "-i", CLIENTS, "-g", "python", "-o", "."]
    words += ["--additional-properties", "packageName=plain_client"]
    generator = java_tool("openapi-generator-cli")
    run([generator, *words], cwd=folder, within=SECONDS)
    return checked(folder, "plain")


def checked(folder: Path, program: str) -> Command:
    """Check the types of a Python program against its client and return its command."""
    shutil.copy(PROGRAMS / f"{program}.py", folder)
    words = ["--follow-imports", "silent", f"{program}.py"]
    run([python_tool("mypy"), *words], cwd=folder, within=SECONDS)
    return [python_tool("python"), folder / f"{program}.py"]


# -------------------------------------------------------------------------------------------- tests


@pytest.fixture(scope="module")
def newer() -> Iterator[str]:
    """The URL of a server whose balance has a tier that the contract does not list."""
    body = {**example("get_balance"), "tier": NEW_TIER}
    with recording(lambda _: as_json(200, body)) as server:
        yield server.url


@pytest.mark.parametrize(
    "generator",
    [openapi_typescript, orval, openapi_python_client, openapi_generator],
    ids=lambda generator: generator.__name__,
)
def test_a_generated_client_makes_ten_calls_and_survives_a_new_value(
    generator: Generator, tmp_path: Path, server: RunningServer, key: str, newer: str
) -> None:
    """It compiles, its ten calls agree with the mock, and an unlisted tier is a tier."""
    command = generator(tmp_path)
    output = run([*command, server.url, key, newer], cwd=tmp_path, within=SECONDS).stdout
    assert json.loads(output.splitlines()[-1]) == {**expected(server, key), "later": NEW_TIER}


def expected(server: RunningServer, key: str) -> dict[str, Any]:
    """Return what the ten calls show, as a plain client reads it afterwards."""

    def read(path: str) -> Any:
        return client.get(f"/api/v1/billing/{path}").json()

    with server.client(key) as client:
        return {
            "balance": read("balance")["balance_display"],
            "ledger": 5,
            "activity": read("recent-activity")["activities"][0]["type"],
            "deposit": "$50.00",
            "card": read("payment-methods")["payment_methods"][0]["card_last4"],
            "recharge": "$100.00",
            "plan": read("subscription")["plan"],
            "chart": 7,
            "promo": "fixed",
            "refused": 422,
        }


def test_a_client_of_closed_enums_breaks(tmp_path: Path) -> None:
    """The same value ends a client of the contract, whose enums are closed."""
    make_typed_client(tmp_path, CONTRACT)
    body = {**example("get_balance"), "tier": NEW_TIER}
    program = f"from typed_client.models import Balance\nBalance.from_dict({body!r})\n"
    output = run(
        [python_tool("python"), "-c", program], cwd=tmp_path, within=SECONDS, code=1
    ).stdout
    assert "'platinum' is not a valid BalanceTier" in output
