"""Every sample runs against the mock unchanged, and gets the response that is printed beside it."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest

from mockserver.docs import request, samples
from mockserver.docs.model import Operation
from tests.conftest import RunningServer, running_server
from tests.docs.contract_reference import OPERATIONS, REFERENCE
from tests.docs.story import BEGINNING, Story, without_ids_and_times

# Node runs this before the sample, which stays unchanged, so that its output is JSON.
_JSON_IS_PRINTED = (
    "data:text/javascript,console.log = value => process.stdout.write(JSON.stringify(value))"
)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A mock whose clock is at the beginning of the examples' story."""
    with running_server(now=BEGINNING) as running:
        yield running


@pytest.fixture(scope="module")
def story(server: RunningServer) -> Story:
    """The complete story."""
    return Story(server)


def run_curl(code: str, environment: dict[str, str]) -> Any:
    """Run a command in a shell. With ``--fail-with-body`` errors end the command."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    function = 'curl() { command curl --silent --show-error --fail-with-body "$@"; }\n'
    return json.loads(_run(["/bin/sh", "-c", function + code], environment))


def run_python(code: str, environment: dict[str, str]) -> Any:
    """Run a program in this process: starting another for each one would be slow."""
    before, printed = dict(os.environ), StringIO()
    os.environ.update(environment)
    try:
        with redirect_stdout(printed):
            exec(compile(code, "sample.py", "exec"), {"__name__": "__main__"})
    finally:
        os.environ.clear()
        os.environ.update(before)
    return ast.literal_eval(printed.getvalue())


def run_javascript(code: str, environment: dict[str, str]) -> Any:
    """Run a module in Node.js."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    command = [node, "--import", _JSON_IS_PRINTED, "--input-type=module", "--eval", code]
    return json.loads(_run(command, environment))


def _run(command: list[str], environment: dict[str, str]) -> str:
    inherited = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        command,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


RUNNERS = {"curl": run_curl, "python": run_python, "javascript": run_javascript}


def has_example(operation: Operation) -> bool:
    """Return whether the contract has an example of the response, which the story reproduces."""
    media = operation.success.response.json if operation.success is not None else None
    return media is not None and bool(media.examples)


def test_samples_of_every_language_are_run() -> None:
    """No language is left out."""
    assert set(RUNNERS) == set(samples.LANGUAGES)


EXEMPLARY = [operation for operation in OPERATIONS if has_example(operation)]


@pytest.mark.parametrize("language", RUNNERS)
@pytest.mark.parametrize("operation", EXEMPLARY, ids=lambda operation: operation.heading)
def test_a_sample_gets_the_response_that_is_shown(
    operation: Operation, language: str, server: RunningServer, story: Story
) -> None:
    """Only the host is replaced. Ids and times may differ."""
    key = f"sk_test_{language}_{operation.operation_id}"
    story.begin(operation.operation_id or "", key)
    sample_request = request.build(REFERENCE, operation)
    shown = request.response_example(REFERENCE, operation, sample_request)
    assert shown is not None
    code = samples.LANGUAGES[language].write(sample_request)
    assert code.count(operation.server) == 1
    response = RUNNERS[language](
        code.replace(operation.server, server.url), {"API_KEY": key, "NO_PROXY": "127.0.0.1"}
    )
    assert without_ids_and_times(response) == without_ids_and_times(shown.value)
