"""A TypeScript client with types from the contract compiles and runs against the mock."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import RunningServer
from tests.outside.tools import NODE_MODULES, SPEC, node_tool, run

pytestmark = pytest.mark.slow

STORY = Path(__file__).parent / "client" / "story.ts"
STRICT = ("--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess")
MODERN = (
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--lib",
    "es2022,dom",
    "--typeRoots",
    "none",
)
WITHIN_SECONDS = 120

# Changes to a correct line, and the compiler's error.
MISTAKES = (
    ("before.balance_display", "before.balance_dollars", "'balance_dollars' does not exist"),
    ("amount_cents: 5000, promo", "amount: 5000, promo", "'amount' does not exist"),
    (
        "amount_cents: 1 }",
        'amount_cents: "1" }',
        "Type 'string' is not assignable to type 'number'",
    ),
    ('"/api/v1/billing/balance"', '"/api/v1/billing/balances"', "is not assignable to parameter"),
    ("payment_method_id: card.data.id", "id: card.data.id", "'id' does not exist"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the story, the generated types and their packages."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "package.json").write_text('{"type": "module"}')
    generator = node_tool("openapi-typescript")
    (folder / "node_modules").symlink_to(NODE_MODULES)
    # Without that option, fields with a default would be required.
    options = ["--default-non-nullable", "false", "--output", "api.d.ts"]
    run([generator, SPEC, *options], cwd=folder, within=WITHIN_SECONDS)
    shutil.copy(STORY, folder)
    return folder


def compile(folder: Path, *words: str, code: int = 0) -> str:
    """Return the output of the TypeScript compiler for files."""
    command: list[str | Path] = [node_tool("tsc"), *STRICT, *MODERN, *words]
    return run(command, cwd=folder, within=WITHIN_SECONDS, code=code).stdout


def test_the_story_type_checks(project: Path) -> None:
    """It compiles in the strictest mode, without a cast and without ``any``."""
    assert compile(project, "story.ts", "--noEmit") == ""
    text = STORY.read_text()
    assert " as " not in text.replace("import type", "")
    assert "any" not in text.split()
    assert "@ts-" not in text


def test_mistakes_are_found_before_they_run(project: Path) -> None:
    """A wrong field, body, type, path or parameter does not compile."""
    text = STORY.read_text()
    for number, (old, new, _) in enumerate(MISTAKES):
        assert old in text
        (project / f"mistake{number}.ts").write_text(text.replace(old, new, 1))
    names = [f"mistake{number}.ts" for number in range(len(MISTAKES))]
    output = compile(project, *names, "--noEmit", code=2)
    for name, (_, _, complaint) in zip(names, MISTAKES, strict=True):
        found = re.search(rf"^{name}(.*\n)(  .*\n)*", output, re.MULTILINE)
        assert found is not None, name
        assert complaint in found[0]


def test_the_story_runs_against_the_mock(project: Path, server: RunningServer, key: str) -> None:
    """It covers balance, deposit, ledger pages, errors, a card and a plan."""
    node = shutil.which("node")
    assert node is not None
    compile(project, "story.ts", "--outDir", "out", "--noEmitOnError")
    (project / "out" / "package.json").write_text('{"type": "module"}')
    printed = run(
        [node, "out/story.js", server.url, key], cwd=project, within=WITHIN_SECONDS
    ).stdout
    output = json.loads(printed)
    with server.client(key) as client:
        before = client.get("/_mock/state").json()["ledger"]["entries"][-3][
            "balance_after_microcents"
        ]
    assert output == {
        "tier": "growth",
        "display": f"${before // 1_000_000 / 100:.2f}",
        "depositStatus": 200,
        "amount": "$50.00",
        "page": 200,
        "gained": 5_500_000_000,
        "exposed": True,
        "sumIsBalance": True,
        "newest": ["bonus", "deposit"],
        "problems": [[422, "body.amount_cents", "greater_than_equal"]],
        "refused": [400, "string"],
        "removed": ["amex", "ok"],
        "plan": "free",
    }
