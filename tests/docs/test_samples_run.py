"""Every sample that is printed is sent to the mock as it is printed, and gets the answer that is printed beside it."""

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

from mockserver import packaged
from mockserver.docs import request, samples
from mockserver.docs.document import Document
from mockserver.docs.model import Operation
from mockserver.docs.reader import read
from tests.conftest import RunningServer, running_server
from tests.docs.story import BEGINNING, Story, but_for_ids_and_times
from tests.spec.contract import operations

REFERENCE = read(Document.load(packaged.spec()))
OPERATIONS = list(REFERENCE.operations)
HOST = "https://api.alterlab.io"

# What the samples print is for people; here it is to be JSON. Node runs this before the sample, which stays as it is.
_JSON_IS_PRINTED = (
    "data:text/javascript,console.log = value => process.stdout.write(JSON.stringify(value))"
)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A mock whose clock stands at the beginning of the examples' story."""
    with running_server(now=BEGINNING) as running:
        yield running


@pytest.fixture(scope="module")
def story(server: RunningServer) -> Story:
    """The story, told to its end."""
    return Story(server)


def run_curl(code: str, environment: dict[str, str]) -> Any:
    """By a shell. (Without `--fail` an error would be an answer like any other.)"""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine, which the curl samples need")
    function = 'curl() { command curl --silent --show-error --fail-with-body "$@"; }\n'
    return json.loads(_run(["/bin/sh", "-c", function + code], environment))


def run_python(code: str, environment: dict[str, str]) -> Any:
    """In this process: starting another for each would take longer than all the rest."""
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
    """By Node.js, as a module."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node.js on this machine, which the JavaScript samples need")
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


def test_every_operation_and_every_language_is_run() -> None:
    """The tests below cover all samples of the contract."""
    assert len(OPERATIONS) == len(operations())
    assert set(RUNNERS) == set(samples.LANGUAGES)


@pytest.mark.parametrize("language", RUNNERS)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.operation_id)
def test_a_sample_gets_the_answer_that_is_shown(
    operation: Operation, language: str, server: RunningServer, story: Story
) -> None:
    """Nothing in it is changed but the host; ids and times may differ."""
    key = f"sk_test_{language}_{operation.operation_id}"
    story.begin(operation.operation_id or "", key)
    asked = request.of(REFERENCE, operation)
    shown = request.answer_to(REFERENCE, operation, asked)
    assert shown is not None
    code = samples.LANGUAGES[language].write(asked)
    assert code.count(HOST) == 1
    answer = RUNNERS[language](
        code.replace(HOST, server.url), {"API_KEY": key, "NO_PROXY": "127.0.0.1"}
    )
    assert but_for_ids_and_times(answer) == but_for_ids_and_times(shown.value)
