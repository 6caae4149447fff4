"""``--faults`` switches sets on from the start."""

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
    """The banner names the sets, which are separated by commas."""
    with serving("--port", "0", "--faults", "rate-limited,outage", cwd=tmp_path) as program:
        assert (
            f"Faults are on: rate-limited, outage. See {program.url}/_mock/faults."
            in program.stdout
        )
        with program.client("sk_test_new") as client:
            response = client.get(f"{API}/balance")
    assert (response.status_code, response.headers["X-Mock-Fault"]) == (429, "rate-limited")


@pytest.mark.slow
def test_the_program_can_break_connections(tmp_path: Path) -> None:
    """The program's own server gives faults access to connections."""
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
    ("text", "expected"),
    [
        ("flakey", f"--faults: There is no set of faults 'flakey'. {KNOWN}"),
        ("flaky,slow", f"--faults: There is no set of faults 'slow'. {KNOWN}"),
        ("flaky,,outage", "--faults must be names separated by commas, not 'flaky,,outage'"),
        ("", "--faults must be names separated by commas, not ''"),
    ],
)
def test_an_unknown_set_is_one_line(text: str, expected: str) -> None:
    """The line lists the known sets."""
    assert refusal("--port", "0", "--faults", text) == f"mockserver: {expected}"


def test_an_invalid_set_has_file_and_line(tmp_path: Path) -> None:
    """Sets that are off and unknown operations are checked too."""
    folder = Path(shutil.copytree(packaged.fixtures(), tmp_path / "fixtures"))
    path = folder / "faults" / "slow-3g.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(index for index, line in enumerate(lines) if "latency" in line)
    lines.insert(number, "    operations: [get_balnce]")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    message = refusal("--port", "0", "--fixtures", folder)
    assert message.startswith(
        f"mockserver: {path}:{number + 1}: rules.0.operations.0: "
        "'get_balnce' is not an operation of the contract"
    )
