"""The jobs of the guide use what the action, the component and the hooks have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tests.contract_kit.program import PROJECT
from tests.guides.markdown import code, guide

GUIDE = guide("contract-kit-in-ci")
BLOCKS: list[dict[str, Any]] = [
    yaml.safe_load(block.text) for block in GUIDE.blocks if block.language == "yaml"
]
ACTION: dict[str, Any] = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))


def steps() -> Iterator[dict[str, Any]]:
    """The steps of all GitHub jobs of the guide."""
    for block in BLOCKS:
        for job in block.get("jobs", {}).values():
            yield from job["steps"]


def test_the_jobs_use_inputs_of_the_action() -> None:
    """Each required input is given, and no unknown one."""
    uses = [step["with"] for step in steps() if "alterlab" in step.get("uses", "")]
    assert len(uses) == 2
    required = {name for name, about in ACTION["inputs"].items() if about.get("required")}
    for given in uses:
        assert required <= given.keys() <= ACTION["inputs"].keys()


def test_the_table_lists_the_inputs_with_their_defaults() -> None:
    """In the order of the action; a default is that of the action."""
    rows = {code(row[0])[0]: row[1] for row in GUIDE.rows("input", "default", "meaning")}
    assert set(rows) == set(ACTION["inputs"])
    for name, about in ACTION["inputs"].items():
        default = about.get("default", "")
        assert code(rows[name]) == ([default] if default else [])


def test_the_outputs_are_named() -> None:
    """Those of the action."""
    for name in ACTION["outputs"]:
        assert f"`{name}`" in GUIDE.text


def test_the_pipeline_uses_inputs_of_the_component() -> None:
    """The guide names all of them."""
    text = (PROJECT / "templates" / "contract-tests.yml").read_text(encoding="utf-8")
    header = next(iter(yaml.safe_load_all(text)))
    (include,) = [entry for block in BLOCKS for entry in block.get("include", [])]
    inputs = header["spec"]["inputs"].keys()
    assert include["inputs"].keys() <= inputs
    assert inputs <= include["inputs"].keys() | set(code(GUIDE.prose))


def test_the_hooks_of_the_guide_exist() -> None:
    """By their ids."""
    text = (PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    ids = {hook["id"] for hook in yaml.safe_load(text)}
    (repository,) = [entry for block in BLOCKS for entry in block.get("repos", [])]
    assert {hook["id"] for hook in repository["hooks"]} <= ids
    assert ids <= set(code(GUIDE.prose))
