"""README and guides are run: commands in a shell against a mock, suites by pytest."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml

from contract_tests import cli
from contract_tests.findings.baseline import Baseline
from contract_tests.openapi.contract import Contract
from contract_tests.overlay.document import Overlay, overlaid
from contract_tests.runner import DRIVERS, PHASES
from mockserver import check_command, control_command, remote_commands, settings
from mockserver.contract import command as contract_command
from tests.conftest import API, RunningServer, ServerFactory, running_server
from tests.guides.markdown import (
    CONTRIBUTING,
    DOCUMENTS,
    GUIDES,
    README,
    ROOT,
    Block,
    Document,
    code,
    commands,
    guide,
)
from tests.plugin.suite import run, write

PRINTED_ADDRESS = "http://127.0.0.1:8080"
END_OF_BLOCK = "--- end of block ---"
WITHIN_SECONDS = 90
ERROR = '{"detail":'
"""How the body of an error begins."""
OTHER, YOURS = guide("other-documents"), guide("your-own-api")
RECIPES = guide("recipes")
RUN = [
    document
    for document in (README, *GUIDES)
    if document.run_blocks("bash") and document.path not in (OTHER.path, YOURS.path)
]
SHOWN = [README, CONTRIBUTING, *GUIDES]


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningServer]:
    """The mock that all documents share; each begins with a reset."""
    with running_server() as running:
        yield running


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as a reader would, in an environment where the package is installed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")}
    programs = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**kept, "PATH": programs, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )


def missing(printed: str, output: str) -> str | None:
    """Return the first part of a printed output that is not in the real one, in order."""
    real, start = " ".join(output.split()), 0
    for part in printed.split("..."):
        wanted = " ".join(part.split())
        found = real.find(wanted, start)
        if found < 0:
            return wanted
        start = found + len(wanted)
    return None


def check(block: Block, output: str, address: str) -> None:
    """Compare the output of a block with what is printed below it."""
    printed = (block.output or "").replace(PRINTED_ADDRESS, address)
    assert missing(printed, output) is None, f"line {block.line}: {output}"
    if ERROR not in printed:
        assert ERROR not in output, f"line {block.line}: {output}"


def run_blocks(document: Document, address: str, folder: Path) -> None:
    """Run the shell blocks of a document in order, and check their outputs."""
    blocks = document.run_blocks("bash")
    script = "".join(f"{block.text}\nprintf '\\n%s\\n' '{END_OF_BLOCK}'\n" for block in blocks)
    done = shell(script.replace(PRINTED_ADDRESS, address), folder)
    outputs = done.stdout.split(END_OF_BLOCK)[:-1]
    assert done.returncode == 0, f"after block {len(outputs)}: {done.stderr}"
    for block, output in zip(blocks, outputs, strict=True):
        check(block, output, address)


@pytest.mark.parametrize("document", RUN, ids=lambda document: document.name)
def test_commands_work_as_printed(document: Document, mock: RunningServer, tmp_path: Path) -> None:
    """Each block succeeds and prints what stands below it."""
    with mock.client(None) as client:
        client.post("/_mock/reset").raise_for_status()
    for name in ("spec", "fixtures"):
        (tmp_path / name).symlink_to(ROOT / name)
    run_blocks(document, mock.url, tmp_path)


@pytest.mark.slow
def test_another_document_is_served_as_printed(make_server: ServerFactory, tmp_path: Path) -> None:
    """The guide's document is served, and each block prints what stands below it."""
    (spec,) = [block.text for block in OTHER.blocks if block.language == "yaml"]
    (name,) = set(re.findall(r"--spec (\S+\.yaml)", " ".join(commands(OTHER, "contract-tests"))))
    (tmp_path / name).write_text(spec, encoding="utf-8")
    run_blocks(OTHER, make_server(spec=tmp_path / name).url, tmp_path)


def test_an_api_of_your_own_is_served_as_printed(
    make_server: ServerFactory, tmp_path: Path
) -> None:
    """The example is served with its handlers, and each block prints what stands below it."""
    example = ROOT / "examples" / "any-document"
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    server = make_server(spec=example / "openapi.yaml", handlers=example / "handlers.py")
    run_blocks(YOURS, server.url, tmp_path)


def test_the_kit_leaves_out_what_the_guide_says() -> None:
    """The guide names the drivers that run, and prints the line about the others."""
    text = " ".join(OTHER.text.split())
    (running,) = re.findall(r"only the document: (.*?)\.", text)
    (left_out,) = re.findall(r"left out: ([\w, ]+) \(", text)
    assert set(code(running)) == set(DRIVERS)
    assert left_out.split(", ") == [name for name in PHASES if name not in DRIVERS]


@pytest.mark.slow
def test_suites_pass_as_printed(tmp_path: Path) -> None:
    """Every Python block is a test suite that passes. Those of the recipes have their own test."""
    suites = [
        (document.path.stem, block)
        for document in GUIDES
        if document.path != RECIPES.path
        for block in document.run_blocks("python")
    ]
    for stem, block in suites:
        write(tmp_path, block.text, name=f"test_{stem.replace('-', '_')}_{block.line}.py")
    expected = sum(block.text.count("\ndef test_") for _, block in suites)
    outcome = run(tmp_path)
    assert outcome.counts == {"passed": expected}, outcome.out


@pytest.mark.parametrize("document", [README, *GUIDES], ids=lambda document: document.name)
def test_every_guide_is_run_or_says_why_not(document: Document) -> None:
    """Only shell and Python can be run, and only what can be run may be marked."""
    known = {"bash", "json", "text", "python", "yaml", "html", "js", "toml", "ts"}
    assert {block.language for block in document.blocks} <= known
    assert not re.search(r"```(bash|python)\n.*?# not run", document.text, re.S)
    for block in document.blocks:
        assert block.not_run is None or block.language in ("bash", "python")


@pytest.mark.parametrize("document", SHOWN, ids=lambda document: document.name)
def test_the_kits_commands_are_understood_as_printed(document: Document) -> None:
    """The parser of the kit knows every flag and command that a document shows."""
    for command in commands(document, "contract-tests"):
        name, *words = shlex.split(command)
        if name.isupper():
            continue
        parser = argparse.ArgumentParser(exit_on_error=False)
        module = importlib.import_module(cli.COMMANDS[name][0])
        module.add_parser(parser.add_subparsers())
        parser.parse_args([name, *words])


@pytest.mark.parametrize("document", SHOWN, ids=lambda document: document.name)
def test_the_mocks_commands_are_understood_as_printed(document: Document) -> None:
    """The settings of the mock know every flag and value that a document shows."""
    for command in commands(document, "mockserver"):
        words = shlex.split(command)
        name = words.pop(0) if not words[0].startswith("--") else "serve"
        if name == "control":
            if words and "COMMAND" not in words:
                control_command.parser().parse_args([_with_address(word) for word in words])
            continue
        if name in remote_commands.COMMANDS:
            remote_commands.parser(name).parse_args(words)
            continue
        if name == "contract":
            contract_command.parser().parse_args(words or ["lint"])
            continue
        if name == "check":
            check_command.parser().parse_args(words or ["FILE"])
            continue
        if name == "contract":
            contract_command.parser().parse_args(words or ["export"])
            continue
        table = {
            "serve": settings.SETTINGS,
            "docs": settings.DOCS_SETTINGS,
            "resources": settings.RESOURCES_SETTINGS,
        }[name]
        parser = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False)
        settings.add_flags(parser, table)
        flags = vars(parser.parse_args(words))
        if name == "serve":
            settings.read(flags, {}, spec=ROOT, fixtures=ROOT)


def _with_address(word: str) -> str:
    """Return a word with an address in place of a placeholder."""
    return "http://127.0.0.1:8080" if word in ("URL,URL", "$PROCESSES") else word


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_make_targets_exist(document: Document) -> None:
    """``make TARGET`` names a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"[`\n]make(?: [A-Z]+=\S+)* ([a-z-]+)", document.text):
        assert f"\n{target}:" in makefile, target


def test_printed_yaml_is_yaml() -> None:
    """Every YAML block can be loaded."""
    for document in GUIDES:
        for block in document.blocks:
            if block.language == "yaml":
                yaml.safe_load(block.text)


def test_the_printed_baseline_is_one(tmp_path: Path) -> None:
    """The example of known failures can be used as it stands."""
    _, example = [b.text for b in guide("contract-kit").blocks if b.language == "yaml"]
    file = tmp_path / "known.yaml"
    file.write_text(example, encoding="utf-8")
    assert len(Baseline.load(file, date(2026, 1, 1)).entries) == 1


def test_the_printed_overlay_can_be_applied(tmp_path: Path) -> None:
    """The example of an overlay changes the contract as it stands."""
    example, _ = [b.text for b in guide("contract-kit").blocks if b.language == "yaml"]
    file = tmp_path / "overlay.yaml"
    file.write_text(example, encoding="utf-8")
    contract = Contract.load(ROOT / "spec" / "openapi.yaml")
    document = overlaid(contract, [Overlay.load(file)]).document
    assert "card_exp_year" not in document["components"]["schemas"]["PaymentMethod"]["required"]


def test_the_printed_marks_are_those_of_the_contract() -> None:
    """The guide quotes the lists of keywords from the contract."""
    _, quoted = [b.text for b in guide("changing-the-contract").blocks if b.language == "yaml"]
    document = yaml.load((ROOT / "spec" / "openapi.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    for name, marks in yaml.safe_load(quoted).items():
        assert marks.items() <= document["components"]["schemas"][name].items()


def test_the_printed_operation_is_served(make_server: ServerFactory, tmp_path: Path) -> None:
    """The operation that the guide adds to the contract is served from its schema."""
    example, _ = [b.text for b in guide("changing-the-contract").blocks if b.language == "yaml"]
    document = yaml.load((ROOT / "spec" / "openapi.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    document["paths"] |= yaml.safe_load(example)
    spec = tmp_path / "openapi.yaml"
    spec.write_text(yaml.dump(document, sort_keys=False), encoding="utf-8")
    with make_server(spec=spec).client("sk_test_new") as client:
        response = client.get(f"{API}/spending-limits")
    assert response.headers["x-mock-source"] == "schema"
    assert response.json()["limits"][0]["iban"]
