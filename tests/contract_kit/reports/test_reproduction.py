"""Each finding that earlier requests lead to has a script that shows it again."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from contract_tests.billing.knowledge import KNOWLEDGE
from contract_tests.context import Run
from contract_tests.drivers import minimisation
from contract_tests.errors import UsageError
from contract_tests.findings.finding import Finding
from contract_tests.findings.result import Result
from contract_tests.reports import reproduction
from contract_tests.reports.document import document
from contract_tests.reports.output import publish
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit import faulty
from tests.contract_kit.drivers.test_minimisation import (
    CARDS,
    RemovedCardsReturn,
    about_cards,
    finding,
    long_story,
    sent,
)
from tests.contract_kit.exchanges import CONTRACT
from tests.contract_kit.program import kit

KEY = "sk_test_reproduction"


@dataclass
class Found:
    """A mock whose removed cards return, and a run that found it."""

    upstream: faulty.Upstream
    result: Result

    @property
    def finding(self) -> Finding:
        return next(
            finding
            for finding in self.result.findings
            if finding.operation == "list_payment_methods"
        )


@pytest.fixture(scope="module", params=["mock", "deployment"])
def found(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Found]:
    """Run a story on the mock, as such and as a deployment with a key."""
    folder = tmp_path_factory.mktemp("reports")
    flags = {"mock": True} if request.param == "mock" else {"allow_irreversible": True}
    with faulty.mock() as upstream:
        upstream.app = faulty.Faulty(upstream.app, RemovedCardsReturn())
        settings = Settings(
            upstream.url,
            packaged_spec(),
            reports=("json",),
            report_dir=folder,
            journal=folder / "journal",
            environment={"BILLING_API_KEY": KEY},
            **flags,  # type: ignore[arg-type]
        )
        run = Run(settings, CONTRACT, KNOWLEDGE)
        if run.journal is not None:
            run.journal.begin()
        long_story(run)
        if settings.mock:
            minimisation.shorten(run)
        result = replace(run.result(), findings=about_cards(run))
        publish(result)
        if run.journal is not None:
            run.journal.close()
        yield Found(upstream, result)


def play(path: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "no_proxy": "*", **variables}
    return subprocess.run(
        ["sh", str(path), *words],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.slow
def test_a_script_shows_the_finding_again(found: Found) -> None:
    """It sends all steps with the new ids, and the last response has the fault."""
    view = document(found.result)
    shown = next(
        finding for finding in view["findings"] if finding["operation"] == "list_payment_methods"
    )
    path = found.result.settings.report_dir / shown["reproduce"]
    if not found.result.settings.mock:  # an account in its first state
        reset = f"curl -sS -X POST {found.upstream.url}/_mock/reset -H 'X-API-Key: {KEY}'"
        subprocess.run(["sh", "-c", reset], check=True, capture_output=True)
    start = len(found.upstream.requests)
    played = play(path, BILLING_API_KEY=KEY)
    assert played.returncode == 0, played.stderr
    sent_now = [line for line in found.upstream.requests[start:] if "_mock" not in line]
    assert len(sent_now) == 1 + len(found.finding.steps) + 1
    assert sent_now[0] == sent_now[-1], "the view before the steps, and after them"
    (removed,) = [line.rsplit("/", 1)[1] for line in sent_now if line.startswith("DELETE")]
    body = json.loads(played.stdout.replace("\r", "").partition("\n\n")[2])
    assert removed in [card["id"] for card in body["payment_methods"]]
    good = [step for step in found.finding.steps if step.status == 200]
    assert played.stderr.startswith("before: HTTP/1.1 200")
    assert played.stderr.count("HTTP/1.1 200") == 1 + len(good)


def test_a_script_holds_no_key_and_no_recorded_id(found: Found) -> None:
    """Keys are variables that must be set, and ids come from the responses."""
    exchange, settings = found.finding.exchange, found.result.settings
    assert exchange is not None
    text = reproduction.script(found.finding, exchange, found.result)
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in text
    assert KEY not in text
    removed = next(step for step in found.finding.steps if step.method == "DELETE")
    commands = [line for line in text.split("\n") if line.startswith("response=")]
    assert removed.path.rsplit("/", 1)[1] not in "\n".join(commands)
    assert f'"$BASE_URL"{CARDS}/"$SAVED_VALUE_1"' in text
    assert ('"${BILLING_API_KEY:?' in text) == (not settings.mock)
    path = settings.report_dir / reproduction.names(found.result)[found.finding.key]
    if not settings.mock:
        assert "BILLING_API_KEY" in play(path).stderr
    assert path.stat().st_mode & 0o111


def test_a_script_takes_another_deployment(found: Found) -> None:
    """The first argument is its URL."""
    path = found.result.settings.report_dir / reproduction.names(found.result)[found.finding.key]
    played = play(path, "http://127.0.0.1:1", BILLING_API_KEY=KEY)
    assert played.returncode == 7, "curl cannot connect"


@pytest.mark.slow
def test_a_run_writes_scripts_with_few_steps(tmp_path: Path) -> None:
    """A run shortens the steps before it reports, and each script ends with a response."""
    with faulty.mock() as upstream:
        upstream.app = faulty.Faulty(upstream.app, RemovedCardsReturn())
        words = ["--mock", "--phases", "stories", "--only", "payment-methods", "--report", "json"]
        outcome = kit("run", upstream.url, *words, "--report-dir", tmp_path)
        assert outcome.code == 1
        found = json.loads((tmp_path / "report.json").read_text())["findings"]
        paths = [tmp_path / finding["reproduce"] for finding in found if finding["reproduce"]]
        assert paths
        for path in paths:
            played = play(path)
            assert (played.returncode, played.stdout[:9]) == (0, "HTTP/1.1 "), played.stderr
    assert "shortened by" in outcome.out
    assert f"script   reproduce/{paths[0].name}" in outcome.out
    assert max(len(finding["steps"]) for finding in found if "kit" in finding["witnesses"]) <= 4


# ------------------------------------------------------------------------------------------ names


def result_of(folder: Path, *findings: Finding, reports: tuple[str, ...] = ("html",)) -> Result:
    settings = Settings(
        "https://staging.example.com", packaged_spec(), reports=reports, report_dir=folder
    )
    run = Run(replace(settings, mock=True), CONTRACT, KNOWLEDGE)
    return replace(run.result(), settings=settings, findings=list(findings))


STATEFUL = finding((sent("update_usage_alerts"),))


def test_scripts_are_named_by_operation_kind_and_rule(tmp_path: Path) -> None:
    """Names are safe in a shell; two of the same name are numbered; other findings have none."""
    hostile = replace(STATEFUL, operation="GET /../$(x)\n;`y`", where="/a")
    same = replace(STATEFUL, where="/b")
    stateless = replace(STATEFUL, steps=(), where="/c")
    result = result_of(tmp_path, STATEFUL, same, hostile, stateless)
    assert list(reproduction.names(result).values()) == [
        "reproduce/get-balance-state-unchanged.sh",
        "reproduce/get-balance-state-unchanged-2.sh",
        "reproduce/get-x-y-state-unchanged.sh",
    ]
    assert reproduction.names(result_of(tmp_path, STATEFUL, reports=())) == {}
    assert [finding["reproduce"] for finding in document(result)["findings"]].count("") == 1


def test_a_name_from_the_deployment_is_no_command(tmp_path: Path) -> None:
    """Names and values are comments of one line, whatever they hold."""
    evil = "a\n`touch evil`\n$(touch evil)\n'; touch evil; '"
    first = replace(sent("update_usage_alerts"), request_body=evil.encode())
    steps = (first, replace(first, url=f"{first.url}?a={evil!r}", account="anybody"))
    hostile = replace(
        STATEFUL, operation=evil, where=f"/{evil}", expected=evil, got=evil, steps=steps
    )
    assert hostile.exchange is not None
    result = result_of(tmp_path, hostile)
    text = reproduction.script(hostile, hostile.exchange, result)
    path = tmp_path / "a.sh"
    path.write_text(text)
    subprocess.run(["sh", "-n", str(path)], check=True)
    subprocess.run(
        ["sh", str(path), "http://127.0.0.1:1"],
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "BILLING_API_KEY": "x"},
    )
    assert not (tmp_path / "evil").exists()
    assert all(
        re.match(r"#|set |BASE_URL=|: |response=|printf |$", line) for line in text.split("\n")
    )


def test_scripts_of_an_earlier_run_are_removed(tmp_path: Path) -> None:
    """Files of others in the folder stay, and a folder that cannot be written is named."""
    reproduction.write(result_of(tmp_path, STATEFUL))
    own = tmp_path / "reproduce" / "own.sh"
    own.write_text("#!/bin/sh\n")
    reproduction.write(result_of(tmp_path))
    assert list((tmp_path / "reproduce").iterdir()) == [own]
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        reproduction.write(result_of(tmp_path / "file", STATEFUL))
