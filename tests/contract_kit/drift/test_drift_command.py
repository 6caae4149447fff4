"""``contract-tests drift``: what is sent, what is restored, and how errors are reported."""

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
from contract_tests.openapi.reading import read_document
from contract_tests.settings import packaged_spec
from tests.contract_kit.drifting import (
    KEY,
    Json,
    compare,
    edit,
    field_added,
    field_removed,
    mock,
    only,
    spots,
)
from tests.contract_kit.faulty import API, Response, Upstream
from tests.contract_kit.program import kit, started
from tests.contract_kit.recorder import Received, as_json, http_response, recording


@pytest.fixture(scope="module")
def plain() -> Iterator[Upstream]:
    """Run the unchanged mock."""
    with mock() as running:
        yield running


# ------------------------------------------------------------------------------------- what is sent


@pytest.mark.slow
def test_staging_gets_get_and_head_of_declared_paths_only(tmp_path: Path, plain: Upstream) -> None:
    """No other request is sent, and every operation that may be read is read."""
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


@pytest.mark.slow
def test_writes_are_put_back(tmp_path: Path, plain: Upstream) -> None:
    """With ``--allow-writes``, reversible writes are sent and then undone."""
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
        result, document = compare(
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
    assert result.code == 1


def writes_answer_201(response: Response) -> None:
    if response.is_of("POST", "/auto-recharge/test"):
        response.status = 201


def test_the_same_seed_sends_the_same_requests_to_both(tmp_path: Path) -> None:
    """Another seed sends other requests."""

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


def test_what_staging_does_otherwise_is_learnt_as_an_overlay(
    tmp_path: Path, plain: Upstream
) -> None:
    """A run against staging accepts the overlay that drift has written, and finds nothing else."""
    file = tmp_path / "overlay.yaml"

    words = ("--only", "get_balance,list_credit_transactions")
    with mock(field_removed, field_added) as staging:
        learn = ("--learn", str(file), "--owner", "me", "--reason", "as it is")
        outcome, document = compare(tmp_path, plain.url, staging.url, *words, *learn)
        overlay = ("--overlay", file, "--phases", "reads", "--strict")
        after = kit("run", staging.url, *words, *overlay, BILLING_API_KEY=KEY)
    assert outcome.code == 1
    assert any(f"written to {file}" in note for note in document["notes"])
    targets = [action["target"] for action in read_document(file)["actions"]]
    assert "$.components.schemas.Balance.required[?@ == 'tier']" in targets
    assert "$.components.schemas.CreditTransaction" in targets
    assert after.code == 0, after.out
    assert after.verdict.startswith("PASSED: 0 failures, 0 differences, 0 drift, 2 known from 2 ")


def test_the_mock_is_left_as_it_was(tmp_path: Path) -> None:
    """It has no more accounts than before."""
    with mock() as here, mock() as there:
        compare(tmp_path, here.url, there.url, "--only", "get_balance")
        accounts = httpx.get(f"{here.url}/_mock/accounts", trust_env=False).json()
    assert accounts["total"] == 0


@pytest.mark.slow
def test_keys_are_never_shown(tmp_path: Path, plain: Upstream) -> None:
    """A server may repeat them in a field, a header or a refusal."""

    def echo(response: Response) -> None:
        key = response.key or ""
        edit(response, "GET", "/balance", lambda body: body.update(tier=key, key=[key]))
        response.headers.append((b"X-AlterLab-Key", key.encode()))
        if response.status == 422:
            problem = {"loc": ["query", key], "msg": key, "type": key}
            response.body = json.dumps({"detail": [problem]}).encode()

    keys = {"BILLING_API_KEY": KEY, "OTHER": f"{KEY}2"}
    with mock(echo) as staging:
        result, document = compare(
            tmp_path, plain.url, staging.url, "--only", "get_balance,list_invoices", **keys
        )
        both, _ = compare(tmp_path, staging.url, staging.url, "--mock-key-env", "OTHER", **keys)
    assert {"/response/200/body/key", "/response/422/body/detail/*/type"} <= {
        location[1] for location in spots(document)
    }
    for text in (
        result.out,
        result.err,
        both.out,
        both.err,
        (tmp_path / "drift.json").read_text(encoding="utf-8"),
    ):
        assert "planted" not in text.lower()


def test_two_deployments(tmp_path: Path, plain: Upstream) -> None:
    """With a key for the first server, it is treated as a deployment and only read."""
    with mock(field_removed) as here:
        words = ("--mock-key-env", "FIRST", "--only", "get_balance")
        _, document = compare(tmp_path, here.url, plain.url, *words, FIRST="sk_test_subscriber")
    assert only(document)["pointer"] == "/response/200/body/tier"
    assert '-H "X-API-Key: $FIRST"' in only(document)["curl"]
    assert {line.split()[0] for line in here.requests} == {"GET", "HEAD"}
    assert not [line for line in here.requests if "_mock" in line]


# ---------------------------------------------------------------------------------------- bad input


def test_a_server_that_is_unreachable(plain: Upstream) -> None:
    """Either server may be unreachable."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        for pair in ((url, plain.url), (plain.url, url)):
            result = kit("drift", *pair)
            assert result.code == 3
            assert result.error_line == f"{url} cannot be reached: connection refused"


def test_a_first_server_that_is_no_mock(plain: Upstream) -> None:
    """The message says what to do, and nothing else is sent."""
    with recording(lambda _: as_json(404, {"detail": "Not Found"})) as server:
        result = kit("drift", server.url, plain.url)
        assert result.code == 2
        assert result.error_line == (
            f"{server.url} is not the mock: GET /_mock/health responds with 404. "
            "Leave --mock out, and name a key with --mock-key-env"
        )
        assert len(server.received) == 1


def test_a_key_that_staging_refuses(plain: Upstream) -> None:
    """The error comes before any comparison."""
    result = kit(
        "drift", plain.url, plain.url, BILLING_API_KEY="sk_live_00000000000000000000000000000000"
    )
    assert result.code == 3
    assert "refuses the key of BILLING_API_KEY with 401" in result.error_line


def test_missing_keys(plain: Upstream) -> None:
    """The message names the variable."""
    result = kit("drift", plain.url, plain.url, "--mock-key-env", "NOT_SET")
    assert (result.code, "NOT_SET" in result.error_line) == (2, True)
    result = kit("drift", plain.url, plain.url, BILLING_API_KEY="")
    assert (result.code, "BILLING_API_KEY" in result.error_line) == (2, True)


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
        (["--learn", "new.yaml"], "--learn needs --owner and --reason"),
    ],
)
def test_invalid_flags(plain: Upstream, words: list[str], complaint: str) -> None:
    """The message has one line, and nothing is sent."""
    before = len(plain.requests)
    result = kit("drift", plain.url, plain.url, *words)
    assert result.code == 2
    assert result.error_line.startswith(complaint)
    assert len(plain.requests) == before


def test_wrong_urls() -> None:
    """The message says what is wrong, without the password."""
    result = kit("drift", "http://user:secret@127.0.0.1", "http://127.0.0.1:1")
    assert result.code == 2
    assert "secret" not in result.err
    assert kit("drift", "http://127.0.0.1:1", "ftp://x").code == 2


def test_an_early_end(tmp_path: Path, plain: Upstream) -> None:
    """Differences so far are reported, except those that may depend on the account."""
    words = ("--rate-limit", "20/s", "--max-time", "1s")
    with mock(field_removed) as staging:
        result, document = compare(
            tmp_path, plain.url, staging.url, *words, BILLING_API_KEY="sk_test_exhausted"
        )
    assert only(document)["operation"] == "get_balance"
    assert result.code == 1
    assert result.verdict.endswith("(ended early: the time of --max-time is up)")


def test_a_server_that_disappears(tmp_path: Path, plain: Upstream) -> None:
    """Differences so far are reported, and the exit code shows that it is gone."""

    def answer_a_while(received: Received) -> bytes:
        if len(staging.received) > 6:
            return b""
        given = httpx.request(
            received.method, plain.url + received.target, headers=list(received.headers)
        )
        headers = {name: value for name, value in given.headers.items() if name.startswith("x-")}
        body = b"" if received.method == "HEAD" else given.content.replace(b'"tier"', b'"level"')
        return http_response(given.status_code, body, **headers)

    with recording(answer_a_while) as staging:
        result, document = compare(tmp_path, plain.url, staging.url)
    assert ("get_balance", "/response/200/body/tier", "required") in spots(document)
    assert result.code == 3
    assert result.verdict.startswith("UNREACHABLE: ")
    assert result.verdict.endswith(
        "does not respond any more: the connection was closed without a response)"
    )


def test_nothing_to_compare(tmp_path: Path, plain: Upstream) -> None:
    """The servers are not reported as the same."""
    is_first = iter([True])

    def busy(response: Response) -> None:
        if not next(is_first, False):
            response.status, response.body = 503, b"busy"

    with mock(busy) as staging:
        result, _ = compare(tmp_path, plain.url, staging.url, "--only", "get_balance")
    assert result.code == 2
    assert result.verdict.startswith("INCOMPLETE: 0 differences; 0 responses compared")


@pytest.mark.slow
def test_an_interrupted_comparison_is_reported(plain: Upstream, tmp_path: Path) -> None:
    """Ctrl-C ends with the report so far, and exit code 130."""
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
