"""``--faults``: sets that are on from the start."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from mockserver import packaged
from tests.cli.program import refusal, serving
from tests.conftest import API

KNOWN = "There are: flaky, outage, rate-limited, slow-3g."


@pytest.mark.slow
def test_faults_are_on_from_the_first_request(tmp_path: Path) -> None:
    """The server says which, so that nobody wonders; several have commas between."""
    with serving("--port", "0", "--faults", "rate-limited,outage", cwd=tmp_path) as program:
        assert (
            f"Faults are on: rate-limited, outage. See {program.url}/_mock/faults."
            in program.stdout
        )
        with program.client("sk_test_new") as client:
            answer = client.get(f"{API}/balance")
    assert (answer.status_code, answer.headers["X-Mock-Fault"]) == (429, "rate-limited")


@pytest.mark.slow
def test_the_program_can_break_connections(tmp_path: Path) -> None:
    """The server that is started from the command line hands its connections out."""
    with (
        serving("--port", "0", MOCKSERVER_FAULTS="outage", cwd=tmp_path) as program,
        program.client("sk_test_new") as client,
    ):
        client.delete("/_mock/faults", headers={"X-API-Key": ""}).raise_for_status()
        client.post("/_mock/faults", json={"connection": "reset", "next": 1}).raise_for_status()
        host, port = program.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(
                f"GET {API}/balance HTTP/1.1\r\nHost: x\r\nX-API-Key: sk_test_new\r\n\r\n".encode()
            )
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
        assert client.get(f"{API}/balance").status_code == 200


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("flakey", f"--faults: There is no set of faults 'flakey'. {KNOWN}"),
        ("flaky,slow", f"--faults: There is no set of faults 'slow'. {KNOWN}"),
        ("flaky,,outage", "--faults must be names separated by commas, not 'flaky,,outage'"),
        ("", "--faults must be names separated by commas, not ''"),
    ],
)
def test_a_set_that_is_not_there_is_one_line(text: str, says: str) -> None:
    """It lists those that are."""
    assert refusal("--port", "0", "--faults", text) == f"mockserver: {says}"


def test_a_set_that_is_wrong_is_told_with_file_and_line(tmp_path: Path) -> None:
    """Also when it is not switched on, and also an operation that the contract does not have."""
    folder = Path(shutil.copytree(packaged.fixtures(), tmp_path / "fixtures"))
    path = folder / "faults" / "slow-3g.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(index for index, line in enumerate(lines) if "latency" in line)
    lines.insert(number, "    operations: [get_balnce]")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = refusal("--port", "0", "--fixtures", folder)
    assert said.startswith(
        f"mockserver: {path}:{number + 1}: rules.0.operations.0: 'get_balnce' is not an operation"
    )
