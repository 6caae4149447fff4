"""``.pre-commit-hooks.yaml``: each hook is run as pre-commit would run it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract_kit.ci.dry_run import Done, shell
from tests.contract_kit.program import PROJECT

pytestmark = pytest.mark.slow

HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook
    for hook in yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
}
SPEC = "spec/openapi.yaml"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a contract."""
    folder = tmp_path / "repository"
    (folder / "spec").mkdir(parents=True)
    (folder / SPEC).write_bytes((PROJECT / SPEC).read_bytes())
    return folder


def run(name: str, repository: Path) -> Done:
    """Run a hook with its default arguments."""
    hook = HOOKS[name]
    command = shlex.join([*shlex.split(hook["entry"]), *hook["args"]])
    return shell(command, repository, {})


def test_hooks_are_installed_with_what_they_need() -> None:
    """The extras are those of this package, and pre-commit passes no file names."""
    for hook in HOOKS.values():
        assert hook["language"] == "python"
        assert hook["pass_filenames"] is False
        assert re.search(hook["files"], SPEC)
        assert not re.search(hook["files"], "src/spec_reader.py")
        assert hook.get("additional_dependencies", []) in ([], [".[contract]"])


def test_a_contract_that_can_be_served_passes(repository: Path) -> None:
    """The mock of the contract keeps it."""
    done = run("contract", repository)
    assert done.code == 0, done.output


def test_a_contract_that_cannot_be_read_fails(repository: Path) -> None:
    """The hook says why."""
    (repository / SPEC).write_text("openapi: 3.0.3\npaths: [\n")
    done = run("contract", repository)
    assert done.code != 0
    assert "openapi.yaml" in done.output


def test_stale_reference_pages_fail(repository: Path) -> None:
    """Pages that 'mockserver docs' would change are stale."""
    assert shell(f"mockserver docs --spec {SPEC} --out docs", repository, {}).code == 0
    fresh = run("contract-reference", repository)
    assert fresh.code == 0, fresh.output
    text = (repository / SPEC).read_text(encoding="utf-8")
    (repository / SPEC).write_text(text.replace("title: AlterLab", "title: Another", 1))
    assert run("contract-reference", repository).code == 1
