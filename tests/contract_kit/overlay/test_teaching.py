"""The kit is taught: runs that learn, and runs with what was learnt."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from contract_tests.openapi.reading import read_document
from contract_tests.recording.judge_process import JudgeProcess
from contract_tests.recording.replay import replay
from contract_tests.settings import Settings, packaged_spec
from mockserver import app, packaged
from mockserver.settings import Settings as MockSettings
from tests.contract_kit import faulty
from tests.contract_kit.exchanges import CONTRACT
from tests.contract_kit.faulty import Response
from tests.contract_kit.program import Outcome, kit
from tests.contract_kit.proxied import API, proxied

pytestmark = pytest.mark.slow  # several runs of the kit in each test

WHO = ("--owner", "billing team", "--reason", "BILL-77: the vendor's stack")


@contextmanager
def server(*faults: Callable[[Response], None]) -> Iterator[str]:
    """Serve the mock with faults in its responses; yield its URL."""

    def fault(response: Response) -> None:
        for change in faults:
            change(response)

    settings = MockSettings(spec=packaged.spec(), fixtures=packaged.fixtures())
    built = app.build(settings, public_url="http://127.0.0.1:8080").app
    with faulty.upstream(faulty.Faulty(built, fault)) as running:
        yield running.url


def run(url: str, *words: str | Path, only: str = "get_balance") -> Outcome:
    return kit("run", url, "--mock", "--phases", "reads", "--only", only, *words)


def two_more_fields(response: Response) -> None:
    """Each balance has two more fields."""
    if response.is_of("GET", "/balance"):
        response.change(request_id="r", api={"version": 2})


def dollars_more(amount: int) -> Callable[[Response], None]:
    """Return a fault by which the display of the balance shows some dollars more."""

    def fault(response: Response) -> None:
        if response.is_of("GET", "/balance"):
            shown = json.loads(response.body)["balance_display"].removeprefix("$").replace(",", "")
            response.change(balance_display=f"${Decimal(shown) + amount:,}")

    return fault


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "overlay.yaml"


def test_a_run_with_its_own_overlay_passes_until_something_is_new(file: Path) -> None:
    """What was learnt is known; one more fault fails the run."""
    with server(faulty.text_for_number, two_more_fields) as url:
        first = run(url, "--learn", file, *WHO)
        second = run(url, "--overlay", file)
    assert first.code == 1
    assert f"written to {file}" in first.out
    assert second.code == 0
    assert second.verdict.startswith("PASSED: 0 failures, 0 differences, 0 drift, 3 known from 2 ")
    assert "KNOWN: accepted by a baseline or an overlay (2 causes, " in second.out
    assert "accepted billing team: BILL-77: the vendor's stack, since " in second.out
    with server(faulty.text_for_number, two_more_fields, faulty.header_missing) as url:
        third = run(url, "--overlay", file, "--fail-fast")
    assert third.code == 1
    assert "no x-ratelimit headers" in third.out


def test_an_overlay_that_exists_is_extended_with_what_is_new(file: Path) -> None:
    """A second --learn applies the file, adds after its last action and keeps the rest."""
    with server(two_more_fields) as url:
        run(url, "--learn", file, *WHO)
    text = file.read_text()
    with server(two_more_fields, faulty.field_lost) as url:
        again = run(url, "--learn", file, *WHO)
        third = run(url, "--learn", file, *WHO)
    assert f"learnt 1 cause in 1 action, added to {file}" in again.out
    assert file.read_text().startswith(text)
    assert third.code == 0
    assert f"nothing to learn: {file} is as it was" in third.out


def test_a_whole_run_names_the_actions_that_accept_nothing_any_more(file: Path) -> None:
    """A strict deployment shows that a change, or an accepted cause, is not needed any more."""
    with server(two_more_fields) as url:
        run(url, "--learn", file, *WHO)
    named = "  - target: $\n    x-accepted: {owner: me, reason: x}\n"
    named += "    update:\n      x-contract-tests-accepted:\n        - cause: head status\n"
    line = len(file.read_text().splitlines()) + 1
    file.write_text(file.read_text() + named)
    words = ("--mock", "--only", "get_balance", "--overlay", file)
    with server() as url:
        whole, part = kit("run", url, *words), run(url, "--overlay", file)
    assert whole.code == part.code == 0
    assert f"{file}:7: nothing is found here any more (extra-fields); remove" in whole.out
    assert f"{file}:{line}: nothing is found here any more (head status); remove" in whole.out
    assert "any more" not in part.out


def test_a_critical_contradiction_is_not_learnt_unless_it_is_wanted(file: Path) -> None:
    """A wrong display is left out in one line; --learn-critical accepts it with its size."""
    with server(dollars_more(1)) as url:
        first = run(url, "--learn", file, *WHO)
        assert "critical, and not learnt without --learn-critical: display" in first.out
        assert "cause: display" not in file.read_text()
        run(url, "--learn", file, "--learn-critical", *WHO)
        assert run(url, "--overlay", file).code == 0
    actions = read_document(file)["actions"]
    (action,) = (node for node in actions if node["x-accepted"]["cause"].startswith("display"))
    assert action["target"] == "$"
    (entry,) = action["update"]["x-contract-tests-accepted"]
    assert [float(size) for size in entry["sizes"]["/response/body/balance_display"]] == [1.0]
    with server(dollars_more(1000)) as url:
        larger = run(url, "--overlay", file)
    assert larger.code == 1
    assert "get_balance /response/body/balance_display: the difference is now 1000" in larger.out


def test_recorded_and_proxied_traffic_is_judged_with_an_overlay_too(
    file: Path, tmp_path: Path
) -> None:
    """What a run learnt fails neither the replay of its traffic nor the same calls by the proxy."""
    folder = tmp_path / "reports"
    with server(faulty.text_for_number, two_more_fields) as url:
        run(url, "--learn", file, *WHO, "--report", "har", "--report-dir", folder)
        settings = Settings(url, packaged_spec(), strict=True)
        for overlays, passes in (((), False), ((file,), True)):
            chosen = replace(settings, overlay=overlays)
            recorded = replay(folder / "traffic.har", CONTRACT, replace(chosen, url=""))
            with proxied(url, JudgeProcess(chosen)) as proxy:
                httpx.get(f"{proxy.url}{API}/balance", headers={"X-API-Key": "sk_test_overlay"})
            assert proxy.result is not None
            for result in (recorded, proxy.result):
                assert bool(result.failures) is not passes
                assert any(finding.known for finding in result.findings) is passes


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--learn", "new.yaml"), "--learn needs --owner and --reason: somebody must accept"),
        (("--learn", "new.yaml", "--owner", "me"), "--learn needs --reason: somebody must"),
        (("--learn", "nowhere/new.yaml", *WHO), "--learn nowhere/new.yaml: must be a file in a"),
        (("--learn", "docs", *WHO), "--learn docs: must be a file in a folder that exists"),
        (("--overlay", "nowhere.yaml"), "nowhere.yaml: cannot be read (No such file or directory)"),
    ],
)
def test_flags_that_cannot_be_used_are_named(words: tuple[str, ...], complaint: str) -> None:
    """Wrong flags end the command before the first request."""
    outcome = kit("run", "http://127.0.0.1:9", *words)
    assert outcome.code == 2
    assert outcome.error_line.startswith(complaint)
