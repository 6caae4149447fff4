"""``templates/contract-tests.yml``: a dry run of its script against a mock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract_kit import faulty
from tests.contract_kit.ci.dry_run import Done, installed, shell, with_inputs
from tests.contract_kit.program import PROJECT

pytestmark = pytest.mark.slow

TEMPLATE = PROJECT / "templates" / "contract-tests.yml"
SHORT = "--mock --phases reads --only get_balance"


def job(**given: str) -> dict[str, Any]:
    """Return the job that the component adds to a pipeline."""
    header, document = yaml.safe_load_all(TEMPLATE.read_text(encoding="utf-8"))
    inputs = header["spec"]["inputs"]
    chosen = {name.replace("_", "-"): value for name, value in given.items()}
    assert chosen.keys() <= inputs.keys()
    values = {name: chosen.get(name, about.get("default")) for name, about in inputs.items()}
    assert None not in values.values(), "an input without a default is missing"
    (found,) = with_inputs(document, values).values()
    return dict(found)


def run(folder: Path, made: dict[str, Any], **variables: str) -> Done:
    """Run the script of a job in a checkout."""
    folder.mkdir()
    script = "\n".join(made["script"])
    return shell(script, folder, {**made["variables"], **variables}, options="-eo pipefail")


@pytest.mark.parametrize(("fault", "code"), [("", 0), ("text_for_number", 1)])
def test_the_job_tests_a_deployment(tmp_path: Path, fault: str, code: int) -> None:
    """The exit code is that of the kit, and the artifacts are where the job says."""
    folder = tmp_path / "checkout"
    with faulty.mock(fault) as mock:
        made = job(url=mock.url, flags=SHORT, report_dir="out")
        done = run(folder, made)
    assert done.code == code, done.output
    assert installed(folder) == ["alterlab-billing-mock[contract]"]
    assert made["artifacts"]["when"] == "always"
    assert (folder / made["artifacts"]["reports"]["junit"]).exists()
    for path in made["artifacts"]["paths"]:
        assert (folder / path / "report.html").exists()


def test_the_job_can_be_named_and_placed() -> None:
    """A pipeline may include the component more than once."""
    _, document = yaml.safe_load_all(TEMPLATE.read_text(encoding="utf-8"))
    assert list(document) == ["$[[ inputs.job-name ]]"]
    made = job(url="https://staging.example.com", stage="verify", image="python:3.13")
    assert (made["stage"], made["image"]) == ("verify", "python:3.13")


def test_no_input_is_a_command(tmp_path: Path) -> None:
    """Inputs reach the kit as words."""
    made = job(url="$(touch hacked)", flags="--mock `touch hacked` *")
    assert "$[[" not in TEMPLATE.read_text(encoding="utf-8").split("script:")[1].split("\n  art")[0]
    assert run(tmp_path / "checkout", made).code == 2
    assert not (tmp_path / "checkout" / "hacked").exists()


def test_the_key_is_named_and_never_printed(tmp_path: Path) -> None:
    """The job takes the name of a masked variable."""
    with faulty.mock() as mock:
        made = job(url=mock.url, api_key_variable="STAGING_KEY", flags="--phases reads")
        done = run(tmp_path / "checkout", made, STAGING_KEY="planted-key-5up3rs3cr3t")
    assert done.code == 3, done.output
    assert "planted-key" not in done.output
