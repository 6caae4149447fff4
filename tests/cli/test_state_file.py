"""``--state FILE`` keeps the world when the mock stops, and the last save when it is killed."""

from __future__ import annotations

import os
import shutil
import signal
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import packaged
from mockserver.engine import state_file
from mockserver.openapi.yaml_file import FileError
from tests.cli.program import Program, launched, refusal, serving
from tests.conftest import API
from tests.worlds import make_world

KEY = "sk_test_kept"
NOW = "--now=2026-03-18T12:00:00Z"
ANY_TIME = ("--quiet", "--port=0")
FROZEN = (*ANY_TIME, NOW)
DEPOSIT = {"amount_cents": 5_000, "success_url": "https://a.test", "cancel_url": "https://a.test"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A state file that does not exist yet."""
    return tmp_path / "state.zip"


def ok(response: httpx.Response) -> Any:
    assert response.status_code < 300, response.text
    return response.json()


def port_of(program: Program) -> str:
    return program.url.rsplit(":", 1)[1]


def pay(client: httpx.Client) -> None:
    """Pay a deposit."""
    session = ok(client.post(f"{API}/deposit", json=DEPOSIT))["session_id"]
    ok(client.post(f"/_mock/checkout-sessions/{session}/complete", json={}))


def balance(client: httpx.Client) -> int:
    return int(ok(client.get(f"{API}/balance"))["balance_microcents"])


def stop(program: Program, number: signal.Signals = signal.SIGTERM) -> None:
    code, _ = program.end(number)
    assert (code, program.stderr) == (0, "")


def everything(client: httpx.Client) -> dict[str, Any]:
    """Read all that a state file keeps."""
    paths = ["state", "clock", "snapshots", "webhook-endpoints", "faults", "accounts"]
    found = {path: ok(client.get(f"/_mock/{path}")) for path in paths}
    for name in ("payment-methods", "balance", "credit-transactions"):
        found[name] = ok(client.get(f"{API}/{name}"))
    return found


def label_of(client: httpx.Client) -> str | None:
    """Return the name of the only account."""
    (account,) = ok(client.get("/_mock/accounts"))["accounts"]
    label: str | None = account["label"]
    return label


def fill(client: httpx.Client) -> str:
    """Change everything that a state file keeps, and return the URL of an open checkout page."""
    pay(client)
    ok(client.post(f"{API}/payment-methods", json={"payment_method_id": "pm_card_amex"}))
    ok(client.put("/_mock/label", json={"label": "Early name"}))
    ok(client.post("/_mock/snapshots", json={"name": "early"}))
    ok(client.put("/_mock/label", json={"label": "Name"}))
    ok(client.post("/_mock/clock/advance", json={"days": 3}))
    rule = {"latency": {"ms": 1}, "share": 0.5, "operations": ["create_deposit"]}
    ok(client.post("/_mock/faults", json=rule))
    page = str(ok(client.post(f"{API}/deposit", json=DEPOSIT))["url"])
    endpoint = {"url": "http://127.0.0.1:1/hooks", "events": ["deposit.created"]}
    ok(client.post("/_mock/webhook-endpoints", json=endpoint))
    return page


@pytest.mark.slow
def test_a_restart_keeps_everything(file: Path) -> None:
    """Accounts, clock, open pages, endpoints, faults and snapshots are there after a restart."""
    with serving(*FROZEN, "--state", file) as program:
        with program.client(KEY) as client:
            page = fill(client)
            before = everything(client)
        port = port_of(program)
        stop(program)
    with (
        serving(*FROZEN, f"--port={port}", "--state", file) as program,
        program.client(KEY) as client,
    ):
        assert everything(client) == before
        assert client.get(page).status_code == 200
        assert label_of(client) == "Name"
        ok(client.post("/_mock/snapshots/early/restore"))
        assert label_of(client) == "Early name"
        assert ok(client.get("/_mock/clock"))["now"] == "2026-03-18T12:00:00.000Z"
        assert len(ok(client.get(f"{API}/payment-methods"))["payment_methods"]) == len(
            before["payment-methods"]["payment_methods"]
        )


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_state_is_saved_at_the_end(file: Path, number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C save, and nothing but the file is left behind."""
    with serving(*ANY_TIME, "--state", file) as program:
        with program.client(KEY) as client:
            pay(client)
            paid = balance(client)
        stop(program, number)
    assert [path.name for path in file.parent.iterdir()] == ["state.zip"]
    with serving(*ANY_TIME, "--state", file) as program, program.client(KEY) as client:
        assert balance(client) == paid


@pytest.mark.slow
def test_a_killed_server_leaves_the_last_save(file: Path) -> None:
    """After kill -9, the next start has what was saved last, and the lock is free."""
    with (
        serving(*FROZEN, "--state", file) as program,
        program.client(KEY) as client,
    ):
        pay(client)
        saved = ok(client.post("/_mock/state/save"))
        assert saved == {
            "file": str(file),
            "bytes": file.stat().st_size,
            "accounts": 1,
            "snapshots": 0,
            "now": "2026-03-18T12:00:00.000Z",
        }
        paid = balance(client)
        pay(client)
        program.process.kill()
        program.process.wait(10)
    with (
        serving(*FROZEN, "--state", file) as program,
        program.client(KEY) as client,
    ):
        assert balance(client) == paid


@pytest.mark.slow
def test_a_server_that_is_killed_while_it_saves_leaves_a_whole_file(file: Path) -> None:
    """The file is replaced in one step: whenever the server is killed, the file can be loaded."""
    for delay in (0.0, 0.02):
        with (
            serving(*FROZEN, "--state", file) as program,
            program.client(KEY) as client,
        ):
            pay(client)
            ok(client.post("/_mock/state/save"))
            paid = balance(client)
            program.process.send_signal(signal.SIGTERM)
            time.sleep(delay)
            program.process.kill()
            program.process.wait(10)
        with (
            serving(*FROZEN, "--state", file) as program,
            program.client(KEY) as client,
        ):
            assert balance(client) == paid
            stop(program)


def test_without_a_state_file_nothing_is_saved(accounts: Any) -> None:
    """POST /_mock/state/save is refused in one line that names the flag."""
    response = accounts.without_key.post("/_mock/state/save")
    assert response.status_code == 409
    assert response.json()["detail"].endswith("Start it with --state FILE.")


def test_a_second_server_is_refused(file: Path) -> None:
    """Two servers never save to the same file."""
    with serving(*ANY_TIME, "--state", file) as program:
        message = refusal("--port=0", "--state", file)
        assert message == (
            f"mockserver: {file}: another server uses this state file. "
            "Give each server a file of its own"
        )
        link = file.with_name("link.zip")
        link.symlink_to(file)
        assert "another server uses" in refusal("--port=0", "--state", link)
        stop(program)
    assert file.exists()


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state file with one account, which no test changes."""
    file = tmp_path_factory.mktemp("state") / "saved.zip"
    world = make_world()
    with state_file.opened(file, world):
        world.state.tenant(KEY)
    return file


def problem_of(file: Path) -> str:
    """Return why a file cannot be loaded. The program prints it in one line."""
    with pytest.raises(FileError) as caught, state_file.opened(file, make_world()):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def rewritten(saved: Path, name: str, old: bytes, new: bytes) -> bytes:
    """Return a valid archive whose member of a name differs."""
    target = saved.with_name("rewritten.zip")
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(target, "w") as copy:
        for member in source.namelist():
            content = source.read(member)
            if member.startswith(name):
                assert old in content
                content = content.replace(old, new)
            copy.writestr(member, content)
    return target.read_bytes()


def middle_changed(saved: Path) -> bytes:
    content = bytearray(saved.read_bytes())
    content[len(content) // 2] ^= 0xFF
    return bytes(content)


DAMAGED: dict[str, Callable[[Path], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"{}",
    "the first half": lambda saved: saved.read_bytes()[: saved.stat().st_size // 2],
    "all but the last byte": lambda saved: saved.read_bytes()[:-1],
    "one changed byte": middle_changed,
    "an account that is no account": lambda saved: rewritten(saved, "parts/", b"", b"x"),
    "a header that is no object": lambda saved: rewritten(saved, "header", b"{", b"["),
    "a clock that is none": lambda saved: rewritten(
        saved, "world", b'"frozen":true', b'"frozen":7'
    ),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_refused_and_kept(saved: Path, file: Path, kind: str) -> None:
    """One line names the file; the file is not replaced."""
    content = DAMAGED[kind](saved)
    file.write_bytes(content)
    assert problem_of(file).startswith(f"{file}: is damaged, or is not a state file: ")
    assert file.read_bytes() == content
    assert [path.name for path in file.parent.iterdir()] == ["state.zip"]


def test_the_program_refuses_a_damaged_file(file: Path) -> None:
    """It ends with one line and exit code 2, and keeps the file."""
    file.write_bytes(b"no state")
    message = refusal("--port=0", "--state", file)
    assert message.startswith(f"mockserver: {file}: is damaged, or is not a state file: ")
    assert file.read_bytes() == b"no state"


def test_a_file_of_another_version_is_refused(saved: Path, file: Path) -> None:
    """One line names both versions of the format."""
    file.write_bytes(rewritten(saved, "header", b'"version":2', b'"version":3'))
    message = problem_of(file)
    assert message.endswith("it has format 3, and this version reads format 2")


def test_a_file_of_another_seed_is_refused(saved: Path) -> None:
    """One line names the seed that fits."""
    message = refusal("--port=0", NOW, "--state", saved, "--seed=2")
    assert "Start the server with --seed 1" in message


def test_a_file_of_other_fixtures_is_refused(saved: Path, tmp_path: Path) -> None:
    """Accounts depend on prices, plans and personas."""
    folder = tmp_path / "fixtures"
    shutil.copytree(packaged.fixtures(), folder)
    persona = folder / "personas" / "new.yaml"
    persona.write_text(persona.read_text().replace("title: ", "title: really "))
    message = refusal("--port=0", NOW, "--state", saved, "--fixtures", folder)
    assert "was saved with other fixtures" in message


def test_a_file_of_another_api_is_refused(saved: Path) -> None:
    """A state file belongs to the API whose state it is."""
    document = Path(__file__).parents[1] / "data" / "petstore.yaml"
    message = refusal("--port=0", "--state", saved, "--spec", document)
    assert "for another API" in message


@pytest.mark.slow
def test_any_document_can_have_a_state_file(file: Path) -> None:
    """The clock is kept even where there are no accounts."""
    document = Path(__file__).parents[1] / "data" / "petstore.yaml"
    for day in (1, 2):
        with serving(*FROZEN, "--spec", document, "--state", file) as program:
            with program.client() as client:
                now = ok(client.post("/_mock/clock/advance", json={"days": 1}))["now"]
            stop(program)
        assert now == f"2026-03-{18 + day}T12:00:00.000Z"


def test_an_endpoint_that_is_no_longer_allowed_is_reported(file: Path) -> None:
    """It is not dropped silently: one line says how to allow it."""
    with serving(*ANY_TIME, "--state", file, "--allow-webhook-host=hooks.test") as program:
        with program.client() as client:
            ok(client.post("/_mock/webhook-endpoints", json={"url": "https://hooks.test/a"}))
        stop(program)
    assert "--allow-webhook-host hooks.test" in refusal("--port=0", "--state", file)


@pytest.mark.parametrize("name", ["missing/state.zip", "."])
def test_a_file_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path, name: str) -> None:
    """The mock does not work for hours and fail to save then."""
    message = refusal("--port=0", "--state", tmp_path / name)
    assert "cannot be locked: No such file" in message or "--state must be the name" in message


def test_a_device_is_refused(tmp_path: Path) -> None:
    """A state file replaces what has its name, so it must be a regular file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert problem_of(pipe).endswith("is not a regular file")


def test_a_failed_save_is_one_line(file: Path) -> None:
    """At the end, it is one line and exit code 2; through the control API a 409."""
    with launched("--port=0", "--state", file) as program:
        program.wait_until_ready()
        file.mkdir()
        with program.client() as client:
            response = client.post("/_mock/state/save")
            assert response.status_code == 409
            assert "the state was not saved: Is a directory" in response.json()["detail"]
        code, _ = program.end(signal.SIGTERM)
        assert code == 2
        assert program.stderr.count("\n") == 1
        assert "the state was not saved" in program.stderr
    assert [path.name for path in file.parent.iterdir()] == ["state.zip"]
