"""``contract-tests drift``: what is sent, what is put back, and what is said when something is wrong."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from contract_tests.billing.safety import REVERSIBLE
from contract_tests.openapi.contract import Contract
from contract_tests.settings import packaged_spec
from tests.contract_kit.drifting import (
    KEY,
    Json,
    compare,
    edit,
    field_removed,
    mock,
    only,
    spots,
)
from tests.contract_kit.faulty import API, Answer, Upstream
from tests.contract_kit.program import kit, started
from tests.contract_kit.recorder import Received, answer, as_json, recording


@pytest.fixture(scope="module")
def plain() -> Iterator[Upstream]:
    """The mock as it is."""
    with mock() as running:
        yield running


# ----------------------------------------------------------------------------------------------------- what is sent


def test_staging_gets_get_and_head_of_declared_paths_only(tmp_path: Path, plain: Upstream) -> None:
    """Not one other request, and no operation that may be read is left out."""
    contract = Contract.load(packaged_spec())
    with mock() as staging:
        compare(tmp_path, plain.url, staging.url)
    asked = set()
    for line in staging.requests:
        method, target = line.split()
        assert method in ("GET", "HEAD")
        found = contract.match(method, target.partition("?")[0])
        assert found is not None, line
        asked.add(found[0].id)
    assert asked == {
        operation.id for operation in contract.operations.values() if operation.is_read
    }
    assert len(staging.requests) < 300  # at 5 requests a second this is a minute


def test_writes_are_put_back(tmp_path: Path, plain: Upstream) -> None:
    """With permission for them: those that can be, and then all is as it was."""
    views = ("/auto-recharge", "/usage-alerts", "/payment-methods")

    def settings() -> list[Json]:
        found = [
            httpx.get(staging.url + API + path, headers=key, trust_env=False).json()
            for path in views
        ]
        return [
            {name: value for name, value in finding.items() if name != "updated_at"}
            for finding in found
        ]

    key = {"X-API-Key": "sk_test_subscriber"}
    words = ["--allow-writes", "--journal", str(tmp_path / "journal")]
    words += ["--only", "Auto-recharge,Payment methods,Usage alerts,Deposits"]
    with mock(writes_answer_201) as staging:
        before = settings()
        said, document = compare(
            tmp_path, plain.url, staging.url, *words, BILLING_API_KEY="sk_test_subscriber"
        )
        assert settings() == before
    contract = Contract.load(packaged_spec())
    sent = {line.split()[0] for line in staging.requests}
    assert sent == {"GET", "HEAD", "PUT", "POST", "DELETE"}
    for line in staging.requests:
        method, target = line.split()
        found = contract.match(method, target.partition("?")[0])
        assert found is not None
        assert found[0].is_read or found[0].id in REVERSIBLE
    assert only(document)["operation"] == "check_auto_recharge"
    assert "what it does cannot be undone (--allow-irreversible)" in document["withheld"]
    assert document["notes"] == []
    assert said.code == 1


def writes_answer_201(answer: Answer) -> None:
    if answer.is_of("POST", "/auto-recharge/test"):
        answer.status = 201


def test_the_same_seed_sends_the_same_requests_to_both(tmp_path: Path) -> None:
    """And another one sends others."""

    def requests(seed: str) -> tuple[list[str], list[str]]:
        with mock() as here, mock() as there:
            compare(
                tmp_path,
                here.url,
                there.url,
                "--seed",
                seed,
                "--only",
                "list_audit_log,get_cost_projection",
            )
        return [line for line in here.requests if "/_mock" not in line], there.requests

    here, there = requests("3")
    assert (
        here[: len(there) - 1] == there[1:]
    )  # but for the first look at staging, and the accounts of the mock
    assert requests("3") == (here, there)
    assert requests("4") != (here, there)


def test_the_mock_is_left_as_it_was(tmp_path: Path) -> None:
    """No account more than before."""
    with mock() as here, mock() as there:
        compare(tmp_path, here.url, there.url, "--only", "get_balance")
        accounts = httpx.get(f"{here.url}/_mock/accounts", trust_env=False).json()
    assert accounts["total"] == 0


def test_keys_are_nowhere(tmp_path: Path, plain: Upstream) -> None:
    """Not even when a server says them again: in a field, a header, a refusal."""

    def echo(answer: Answer) -> None:
        key = answer.key or ""
        edit(answer, "GET", "/balance", lambda body: body.update(tier=key, key=[key]))
        answer.headers.append((b"X-AlterLab-Key", key.encode()))
        if answer.status == 422:
            problem = {"loc": ["query", key], "msg": key, "type": key}
            answer.body = json.dumps({"detail": [problem]}).encode()

    keys = {"BILLING_API_KEY": KEY, "OTHER": f"{KEY}2"}
    with mock(echo) as staging:
        said, document = compare(
            tmp_path, plain.url, staging.url, "--only", "get_balance,list_invoices", **keys
        )
        both, _ = compare(tmp_path, staging.url, staging.url, "--mock-key-env", "OTHER", **keys)
    assert {"/response/200/body/key", "/response/422/body/detail/*/type"} <= {
        location[1] for location in spots(document)
    }
    for text in (
        said.out,
        said.err,
        both.out,
        both.err,
        (tmp_path / "drift.json").read_text(encoding="utf-8"),
    ):
        assert "planted" not in text.lower()


def test_two_deployments(tmp_path: Path, plain: Upstream) -> None:
    """With a key for the first server it is taken for a deployment like the other, and is only read."""
    with mock(field_removed) as here:
        words = ("--mock-key-env", "FIRST", "--only", "get_balance")
        _, document = compare(tmp_path, here.url, plain.url, *words, FIRST="sk_test_subscriber")
    assert only(document)["pointer"] == "/response/200/body/tier"
    assert '-H "X-API-Key: $FIRST"' in only(document)["curl"]
    assert {line.split()[0] for line in here.requests} == {"GET", "HEAD"}
    assert not [line for line in here.requests if "_mock" in line]


# --------------------------------------------------------------------------------------------------------- bad input


def test_nobody_there(plain: Upstream) -> None:
    """Either server."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        for pair in ((url, plain.url), (plain.url, url)):
            said = kit("drift", *pair)
            assert said.code == 3
            assert said.complaint == f"{url} cannot be reached: connection refused"


def test_a_first_server_that_is_no_mock(plain: Upstream) -> None:
    """What to do about it is said; nothing else is sent to it."""
    with recording(lambda _: as_json(404, {"detail": "Not Found"})) as server:
        said = kit("drift", server.url, plain.url)
        assert said.code == 2
        assert said.complaint == (
            f"{server.url} is not the mock: GET /_mock/health answers 404. "
            "Leave --mock out, and name a key with --mock-key-env"
        )
        assert len(server.received) == 1


def test_a_key_that_staging_refuses(plain: Upstream) -> None:
    """Before any comparison."""
    said = kit(
        "drift", plain.url, plain.url, BILLING_API_KEY="sk_live_00000000000000000000000000000000"
    )
    assert said.code == 3
    assert "refuses the key of BILLING_API_KEY with 401" in said.complaint


def test_keys_that_are_not_there(plain: Upstream) -> None:
    """The variable is named."""
    said = kit("drift", plain.url, plain.url, "--mock-key-env", "NOT_SET")
    assert (said.code, "NOT_SET" in said.complaint) == (2, True)
    said = kit("drift", plain.url, plain.url, BILLING_API_KEY="")
    assert (said.code, "BILLING_API_KEY" in said.complaint) == (2, True)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--report", "html"], "--report: drift writes 'json' only"),
        (
            ["--mock-key-env", "sk_test_mine"],
            "--mock-key-env must be the name of an environment variable",
        ),
        (["--only", "nothing"], "'nothing' is no operationId, tag or group of the contract"),
        (["--only", "create_deposit"], "--only and --skip leave no operation that may be sent"),
        (["--spec", "none.yaml"], "none.yaml: cannot be read"),
    ],
)
def test_flags_that_cannot_be(plain: Upstream, words: list[str], complaint: str) -> None:
    """One line, and nothing sent."""
    before = len(plain.requests)
    said = kit("drift", plain.url, plain.url, *words)
    assert said.code == 2
    assert said.complaint.startswith(complaint)
    assert len(plain.requests) == before


def test_wrong_urls() -> None:
    """Of both it is said what is wrong, and no password is said again."""
    said = kit("drift", "http://user:secret@127.0.0.1", "http://127.0.0.1:1")
    assert said.code == 2
    assert "secret" not in said.err
    assert kit("drift", "http://127.0.0.1:1", "ftp://x").code == 2


def test_an_end_before_the_end(tmp_path: Path, plain: Upstream) -> None:
    """What was found until then is told, and not what another account might explain."""
    words = ("--rate-limit", "20/s", "--max-time", "1s")
    with mock(field_removed) as staging:
        said, document = compare(
            tmp_path, plain.url, staging.url, *words, BILLING_API_KEY="sk_test_exhausted"
        )
    assert only(document)["operation"] == "get_balance"
    assert said.code == 1
    assert said.verdict.endswith("(ended early: the time of --max-time is up)")


def test_a_server_that_goes_away(tmp_path: Path, plain: Upstream) -> None:
    """In the middle: what was found until then is told, and that it is gone."""

    def answer_a_while(received: Received) -> bytes:
        if len(staging.received) > 6:
            return b""
        given = httpx.request(
            received.method, plain.url + received.target, headers=list(received.headers)
        )
        headers = {name: value for name, value in given.headers.items() if name.startswith("x-")}
        body = b"" if received.method == "HEAD" else given.content.replace(b'"tier"', b'"level"')
        return answer(given.status_code, body, **headers)

    with recording(answer_a_while) as staging:
        said, document = compare(tmp_path, plain.url, staging.url)
    assert ("get_balance", "/response/200/body/tier", "required") in spots(document)
    assert said.code == 3
    assert said.verdict.startswith("UNREACHABLE: ")
    assert said.verdict.endswith(
        "does not answer any more: the connection was closed without a response)"
    )


def test_nothing_that_could_be_compared(tmp_path: Path, plain: Upstream) -> None:
    """Then nobody says that the servers are the same."""
    is_first = iter([True])

    def busy(answer: Answer) -> None:
        if not next(is_first, False):
            answer.status, answer.body = 503, b"busy"

    with mock(busy) as staging:
        said, _ = compare(tmp_path, plain.url, staging.url, "--only", "get_balance")
    assert said.code == 2
    assert said.verdict.startswith("INCOMPLETE: 0 differences; 0 responses compared")


def test_an_interrupted_comparison_tells_what_it_found(plain: Upstream, tmp_path: Path) -> None:
    """Ctrl-C: the report so far, and 130."""
    with mock(field_removed) as staging:
        words = ("--rate-limit", "10/s", "--report", "json", "--report-dir", tmp_path)
        with started("drift", plain.url, staging.url, *words, BILLING_API_KEY=KEY) as process:
            wait_for(lambda: len(staging.requests) > 5)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert "'tier' is not `required`" in out
    assert "Traceback" not in err


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
