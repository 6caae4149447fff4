"""``contract-tests proxy`` forwards traffic unchanged and judges it without delay."""

from __future__ import annotations

import base64
import json
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from contract_tests.errors import KitError
from contract_tests.recording.judge_process import JudgeProcess
from contract_tests.recording.replay import replay
from contract_tests.settings import Settings, packaged_spec
from tests.conftest import TLS
from tests.contract_kit import faulty, test_bad_input
from tests.contract_kit.exchanges import CONTRACT, example
from tests.contract_kit.program import kit, started
from tests.contract_kit.proxied import proxied, settings, stopped
from tests.contract_kit.recorded import record, verdicts, visit
from tests.contract_kit.recorder import Received, as_json, http_response, recording
from tests.contract_kit.recording.test_har import EXCHANGE

pytestmark = pytest.mark.slow  # many whole runs of the kit

certificate = test_bad_input.certificate
API = "/api/v1/billing"
BALANCE = f"{API}/balance"
KEY = {"X-API-Key": "sk_live_planted0secret"}


@pytest.fixture(scope="module")
def upstream() -> Iterator[faulty.Upstream]:
    """Run a mock with a fault that every test chooses."""
    with faulty.mock("crash") as running:
        yield running


# ------------------------------------------------------------------------------------- the verdicts


@pytest.mark.parametrize(
    "fault", ["", "text_for_number", "crash", "money_appears", "nothing_is_stored"]
)
def test_the_verdicts_are_those_of_a_run(
    fault: str, upstream: faulty.Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run through the proxy and a replay of the proxy's file have the same findings."""
    upstream.app.fault = faulty.FAULTS.get(fault, lambda _: None)
    judge_process = JudgeProcess(
        settings(upstream.url, strict=True, reports=("har",), report_dir=tmp_path)
    )
    with proxied(upstream.url, judge_process) as proxy:
        run = record(proxy.url, tmp_path / "run.har", visit, monkeypatch)
    assert proxy.result is not None
    judged = [finding for finding in run.findings if "kit" in finding.witnesses]
    assert verdicts(proxy.result.findings) == verdicts(judged)
    assert bool(judged) == bool(fault)
    assert proxy.result.coverage.totals() == run.coverage.totals()
    again = replay(tmp_path / "traffic.har", CONTRACT, Settings(url="", spec=packaged_spec()))
    assert verdicts(again.findings) == verdicts(judged)
    assert again.exchanges == proxy.result.exchanges
    assert again.settings.is_strict


def test_fifty_concurrent_clients_get_their_own_responses(upstream: faulty.Upstream) -> None:
    """No response is mixed up, and every exchange is judged."""
    upstream.app.fault = lambda _: None

    def use(number: int) -> bool:
        with proxy.client(**{"X-API-Key": f"sk_test_client_{number}"}) as client:
            amount = 5_000 + number
            changed = {
                "enabled": False,
                "threshold_microcents": 500_000_000,
                "recharge_amount_cents": amount,
            }
            put = client.put(f"{API}/auto-recharge", json=changed)
            got = [client.get(f"{API}/auto-recharge").json() for _ in range(4)]
            return put.status_code == 200 and {
                exchange["recharge_amount_cents"] for exchange in got
            } == {amount}

    with proxied(upstream.url) as proxy, ThreadPoolExecutor(50) as pool:
        assert all(pool.map(use, range(50)))
    assert proxy.findings == []
    assert proxy.result is not None
    assert proxy.result.exchanges == 250


def test_a_stopped_judge_delays_no_request(upstream: faulty.Upstream) -> None:
    """Queued exchanges are judged later; those that do not fit are counted."""
    upstream.app.fault = lambda _: None
    judge_process = JudgeProcess(settings(upstream.url), size=10)
    with (
        proxied(upstream.url, judge_process) as proxy,
        proxy.client(**{"X-API-Key": "sk_test_slow"}) as client,
    ):
        with stopped(judge_process):
            answers = [client.get(f"{API}/credit-transactions?limit=100") for _ in range(150)]
        assert {response.status_code for response in answers} == {200}
    assert proxy.findings == []
    assert proxy.result is not None
    assert judge_process.missed > 50
    assert proxy.result.exchanges == 150 - judge_process.missed
    assert any("were not judged" in note for note in proxy.result.notes)


def test_a_missed_change_causes_no_contradiction(upstream: faulty.Upstream) -> None:
    """A reading may show a change that did not fit into the queue."""
    upstream.app.fault = lambda _: None
    judge_process = JudgeProcess(settings(upstream.url), size=1)
    changed = {"enabled": False, "threshold_microcents": 500_000_000, "recharge_amount_cents": 7700}
    with (
        proxied(upstream.url, judge_process) as proxy,
        proxy.client(**{"X-API-Key": "sk_test_gap"}) as client,
    ):
        client.get(f"{API}/auto-recharge")
        with stopped(judge_process):
            for number in range(100):
                client.get(f"{API}/credit-transactions?limit=100&offset={number}")
            missed = judge_process.missed
            assert (
                client.put(f"{API}/auto-recharge", json=changed).json()["recharge_amount_cents"]
                == 7700
            )
            assert judge_process.missed == missed + 1
        while missed < judge_process.missed:
            missed = judge_process.missed
            client.get(f"{API}/auto-recharge")
    assert proxy.findings == []


def test_the_queue_is_limited_in_bytes_too(
    upstream: faulty.Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large bodies fill the queue with few exchanges."""
    monkeypatch.setattr("contract_tests.recording.judge_process.MAX_BYTES", 400_000)
    judge_process = JudgeProcess(settings(upstream.url))
    with stopped(judge_process):
        for number in range(1, 50):
            judge_process.take(
                replace(EXCHANGE, number=number, path="/x", response_body=b" " * 100_000)
            )
    result = judge_process.finish(1.0)
    assert 40 <= judge_process.missed <= 46
    assert result.skipped[0].what == f"{49 - judge_process.missed} exchanges"


def test_a_killed_judge_gives_no_verdict(upstream: faulty.Upstream) -> None:
    """Traffic continues, and an error is reported at the end."""
    upstream.app.fault = lambda _: None
    judge_process = JudgeProcess(settings(upstream.url))
    judge_process.process.kill()
    judge_process.process.join()
    for _ in range(3):
        judge_process.take(EXCHANGE)
    with pytest.raises(KitError, match="the judge's process ended"):
        judge_process.finish(1.0)
    assert judge_process.missed == 3


def test_no_key_is_kept(tmp_path: Path) -> None:
    """Keys are neither in the HAR file nor in findings."""
    secret, token = KEY["X-API-Key"], "planted.session.token.1"
    broken = {**example("get_balance"), "tier": f"{secret} {token}"}

    def tells(_: Received) -> bytes:
        return as_json(200, broken, Set_Cookie=f"session={token}; Path=/")

    with recording(tells) as server:
        judge_process = JudgeProcess(settings(server.url, reports=("har",), report_dir=tmp_path))
        with (
            proxied(server.url, judge_process) as proxy,
            proxy.client(**KEY, Cookie=f"session={token}") as client,
        ):
            assert client.get(f"{BALANCE}?key={secret}").json() == broken
    text = (tmp_path / "traffic.har").read_text() + str(proxy.result)
    assert "/balance?key=[" in text
    assert secret not in text
    assert token not in text


def test_undeclared_writes_cause_no_contradiction(
    upstream: faulty.Upstream, tmp_path: Path
) -> None:
    """They may have changed anything. The file contains them without headers and bodies."""
    upstream.app.fault = lambda _: None
    judge_process = JudgeProcess(
        settings(upstream.url, strict=True, reports=("har",), report_dir=tmp_path)
    )
    key = {"X-API-Key": "sk_test_meanwhile"}
    with proxied(upstream.url, judge_process) as proxy, proxy.client(**key) as client:
        before = client.get(BALANCE).json()
        httpx.post(
            f"{upstream.url}/_mock/usage",
            json={"type": "light", "requests": 5},
            headers=key,
            trust_env=False,
        )
        client.post("/api/v1/scrape", json={"password": "planted-in-a-body"})
        assert client.get(BALANCE).json() != before
    assert proxy.findings == []
    assert "planted-in-a-body" not in (tmp_path / "traffic.har").read_text()
    again = replay(tmp_path / "traffic.har", CONTRACT, Settings(url="", spec=packaged_spec()))
    assert (again.findings, again.exchanges) == ([], 2)


# -------------------------------------------------------------------------------------- the command


def announced(process: subprocess.Popen[str]) -> str:
    """Return the URL that the process prints."""
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(
        r"contract-tests proxy: (http://127\.0\.0\.1:\d+) forwards to \S+ Press Ctrl-C to end\.\n",
        line,
    )
    assert found is not None, line
    return found[1]


@pytest.mark.parametrize(
    ("number", "flags", "code"),
    [
        (signal.SIGINT, (), 1),
        (signal.SIGTERM, ("--fail-on", "difference"), 1),
        (signal.SIGTERM, ("--fail-on", "never", "--quiet"), 0),
    ],
)
def test_a_signal_ends_it_with_the_report(
    upstream: faulty.Upstream,
    tmp_path: Path,
    number: signal.Signals,
    flags: tuple[str, ...],
    code: int,
) -> None:
    """Findings are listed live, reports are written, and --fail-on sets the exit code."""
    upstream.app.fault = faulty.FAULTS["field_lost"]
    reports: tuple[str | Path, ...] = ("--report", "json,har", "--report-dir", tmp_path)
    with started("proxy", "--upstream", upstream.url, *reports, *flags) as process:
        url = announced(process)
        key = {"X-API-Key": "sk_test_signal"}
        assert (
            httpx.get(f"{url}{BALANCE}", headers=key, trust_env=False, verify=TLS).status_code
            == 200
        )
        if "--quiet" not in flags:
            assert process.stderr is not None
            assert process.stderr.readline().startswith(
                "failure     get_balance /response/200/body/tier required: "
            )
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == code, err
    assert out.rstrip().rsplit("\n", 1)[-1].startswith("FAILED: 1 failure")
    assert (
        f"--fail-on {flags[1] if flags else 'major'}: {int(code == 1)} of 1" in out
        or "--quiet" in flags
    )
    assert "Traceback" not in err
    assert json.loads((tmp_path / "report.json").read_text())["counts"]["failure"] == 1
    assert kit("replay", tmp_path / "traffic.har").code == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "fail_on", "code"),
    [
        ("header_missing", "failure", 0),
        ("header_missing", "difference", 1),
        ("header_missing", "drift", 1),
        ("money_appears", "critical", 1),
    ],
)
def test_fail_on_chooses_the_grades(
    upstream: faulty.Upstream, fault: str, fail_on: str, code: int
) -> None:
    """A contradiction always fails, another difference only with ``--fail-on difference``."""
    upstream.app.fault = faulty.FAULTS[fault]
    with started(
        "proxy", "--upstream", upstream.url, "--max-exchanges", "2", "--fail-on", fail_on
    ) as process:
        with httpx.Client(
            base_url=announced(process), trust_env=False, verify=TLS, headers=KEY
        ) as client:
            client.headers["X-API-Key"] = f"sk_test_{fail_on}"
            client.get(f"{API}/credit-transactions?limit=100")
            client.get(BALANCE)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == code, out
    assert "2 requests in" in out


@pytest.mark.slow
def test_another_name_of_the_proxy_must_be_allowed(upstream: faulty.Upstream) -> None:
    """``--allow-host`` names it; the mock's control API is closed to a name that is not."""
    upstream.app.fault = lambda _: None
    words = ("--max-exchanges", "1", "--allow-host", "proxy.example.com")
    with started("proxy", "--upstream", upstream.url, *words) as process:
        with httpx.Client(base_url=announced(process), trust_env=False, verify=TLS) as client:
            rebound = client.get("/_mock/state", headers={**KEY, "Host": "rebind.test"})
            named = client.get("/_mock/health", headers={"Host": "proxy.example.com:9000"})
        process.communicate(timeout=20)
    assert (rebound.status_code, named.status_code) == (421, 200)
    assert "rebind.test" in rebound.json()["detail"]


@pytest.mark.slow
def test_a_session_without_traffic_does_not_pass(upstream: faulty.Upstream) -> None:
    """A test run that bypassed the proxy must not look successful."""
    with started("proxy", "--upstream", upstream.url, "--max-time", "1s") as process:
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 2
    assert out.rstrip().rsplit("\n", 1)[-1].startswith("INCOMPLETE")


def test_an_unreachable_upstream_is_reported_at_once() -> None:
    """The exit code is 3, before anything listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    outcome = kit("proxy", "--upstream", f"http://127.0.0.1:{port}")
    assert outcome.code == 3
    assert outcome.error_line == f"http://127.0.0.1:{port} cannot be reached: connection refused"


def test_an_upstream_without_tls_is_reported_at_once(
    upstream: faulty.Upstream,
) -> None:
    """The exit code is 3."""
    outcome = kit("proxy", "--upstream", upstream.url.replace("http:", "https:"))
    assert outcome.code == 3
    assert "cannot be reached: no TLS connection" in outcome.error_line


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (("--port", "65536"), "--port"),
        (("--port", "x"), "--port"),
        (("--max-exchanges", "0"), "--max-exchanges"),
        (("--fail-on", "everything"), "--fail-on"),
        (("--max-time", "soon"), "--max-time"),
        (("--spec", "no-such-file.yaml"), "no-such-file.yaml"),
        (("--baseline", "no-such-file.yaml"), "no-such-file.yaml"),
        (("--host", "203.0.113.1"), "cannot listen on 203.0.113.1:0"),
    ],
)
def test_wrong_flags_are_refused_in_one_line(
    upstream: faulty.Upstream, flags: tuple[str, ...], complaint: str
) -> None:
    """The exit code is 2, and nothing is started."""
    outcome = kit("proxy", "--upstream", upstream.url, *flags)
    assert outcome.code == 2
    assert complaint in outcome.error_line


def test_a_port_that_is_taken_is_refused_in_one_line(upstream: faulty.Upstream) -> None:
    """The exit code is 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = kit("proxy", "--upstream", upstream.url, "--port", str(port))
    assert outcome.code == 2
    assert f"cannot listen on 127.0.0.1:{port} (Address already in use)" in outcome.error_line


def test_an_upstream_with_tls(certificate: Path) -> None:
    """The proxy trusts the named authority, and speaks plain HTTP to clients."""
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate)
    with recording(lambda _: http_response(200, b"1"), tls=theirs) as server:
        url = server.url.replace("http:", "https:")
        assert "its TLS certificate is not valid" in kit("proxy", "--upstream", url).error_line
        with started(
            "proxy", "--upstream", url, "--ca-bundle", f"{certificate}.crt", "--max-exchanges", "1"
        ) as process:
            assert httpx.get(f"{announced(process)}/a?b", trust_env=False, verify=TLS).text == "1"
            process.communicate(timeout=20)
        assert [request.target for request in server.received] == ["/a?b"]


def test_the_way_to_the_upstream_has_the_flags_of_a_run(
    tmp_path: Path,
) -> None:
    """--header and --auth are added to every request, --proxy is used, and no secret is stored."""
    secrets = {"STAGING_PASSWORD": "planted0password", "CF_SECRET": "planted0token"}
    with recording(lambda request: http_response(200, repr(request.headers).encode())) as server:
        words = [
            *("--proxy", server.url, "--auth", "qa:env:STAGING_PASSWORD"),
            *("--header", "CF-Access: env:CF_SECRET", "--max-exchanges", "1"),
            *("--report", "har,json", "--report-dir", str(tmp_path)),
        ]
        with started("proxy", "--upstream", "http://staging.invalid", *words, **secrets) as process:
            url = f"{announced(process)}{BALANCE}"
            httpx.get(url, headers={"Authorization": "mine", **KEY}, trust_env=False)
            out, _ = process.communicate(timeout=20)
    (request,) = server.received
    assert request.target == f"http://staging.invalid{API}/balance"
    assert (request.header("authorization") or "").startswith("Basic ")
    assert request.header("cf-access") == "planted0token"
    stored = out + "".join(path.read_text() for path in tmp_path.iterdir())
    for secret in ("planted0", base64.b64encode(b"qa:planted0password").decode()):
        assert secret not in stored
