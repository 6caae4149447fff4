"""The README's commands work as they are printed."""

import argparse
import importlib
import re
import shlex
import subprocess
from datetime import date
from pathlib import Path

import pytest

from contract_tests import cli
from contract_tests.findings.baseline import Baseline
from tests.conftest import ServerFactory
from tests.plugin.suite import run, write

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PRINTED_ADDRESS = "http://127.0.0.1:8080"


def tour() -> list[str]:
    """The commands of the tour, block by block."""
    chapter = README.split("## Five-minute tour", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```bash\n(.*?)```", chapter, flags=re.DOTALL)


def test_the_tour_works_as_printed(make_server: ServerFactory, tmp_path: Path) -> None:
    """Each block runs without an error, and shows what the text beside it promises."""
    server = make_server()
    promised = [
        '"$1.00"',
        '"$56.00"',
        '"status":"succeeded"',
        "Starter plan",
        '"code":"',
        '"scope":"everything"',
    ]
    blocks = tour()
    assert len(blocks) == len(promised)
    for block, promise in zip(blocks, promised, strict=True):
        script = block.replace(PRINTED_ADDRESS, server.url)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert promise in done.stdout
        assert '"detail"' not in done.stdout


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md"])
def test_every_file_that_the_documents_link_to_exists(name: str) -> None:
    """A link to a file of the project leads somewhere."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (ROOT / target).exists(), target


def test_the_readme_lists_every_persona_that_the_server_offers(make_server: ServerFactory) -> None:
    """The table of keys is complete."""
    keys = {persona.key for persona in make_server().world.state.personas.values() if persona.key}
    assert keys == set(re.findall(r"`(sk_test_\w+)`", README.split("## Five-minute tour")[0])) - {
        "sk_test_"
    }


def kit_commands() -> list[str]:
    """Every ``contract-tests`` command that the chapter for QA prints, in whatever language it stands."""
    chapter = README.split("## For QA: the contract kit", 1)[1].split("\n## ", 1)[0]
    joined = re.sub(r"\n\s+(?=--)", " ", chapter)
    return [
        line.split("#")[0].strip()
        for line in re.findall(r"contract-tests (\w+ .*?)(?:\n|`)", joined)
    ]


@pytest.mark.parametrize("command", kit_commands())
def test_the_kits_commands_are_understood_as_printed(command: str) -> None:
    """No flag or command that the chapter prints is unknown."""
    name, *words = shlex.split(command)
    assert name in cli.COMMANDS
    parser = argparse.ArgumentParser(exit_on_error=False)
    module = importlib.import_module(cli.COMMANDS[name][0])
    module.add_parser(parser.add_subparsers())
    parser.parse_args([name, *words])


def test_the_printed_baseline_is_one(tmp_path: Path) -> None:
    """The example of known failures can be used as it stands."""
    example = re.search(r"```yaml\n(# contract-tests run .*?)```", README, flags=re.DOTALL)
    assert example
    file = tmp_path / "known.yaml"
    file.write_text(example[1], encoding="utf-8")
    assert len(Baseline.load(file, date(2026, 1, 1)).entries) == 1


def test_the_example_for_pytest_passes_as_printed(tmp_path: Path) -> None:
    """The suite that the chapter prints works where it is put."""
    chapter = README.split("## In a test", 1)[1].split("\n## ", 1)[0]
    (example,) = re.findall(r"```python\n(.*?)```", chapter, flags=re.DOTALL)
    write(tmp_path, example)
    assert run(tmp_path).counts == {"passed": example.count("\ndef test_")}


@pytest.mark.parametrize("chapter", ["### An answer", "### Faults", "### Webhooks"])
def test_commands_for_situations_work_as_printed(make_server: ServerFactory, chapter: str) -> None:
    """Each command is answered, and none of them with an error of its own."""
    server = make_server()
    for block in re.findall(
        r"```bash\n(.*?)```", README.split(chapter, 1)[1].split("\n##", 1)[0], flags=re.DOTALL
    ):
        script = block.replace(PRINTED_ADDRESS, server.url)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "Prefer:" not in done.stdout
        assert '"loc"' not in done.stdout
