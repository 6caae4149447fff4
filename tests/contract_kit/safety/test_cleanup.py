"""Restoration: by ``contract-tests cleanup`` after a crash, otherwise by the run itself."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract_tests.context import OTHER_KEY
from contract_tests.settings import packaged_spec
from tests.conftest import API, RunningServer
from tests.contract_kit.program import kit
from tests.contract_kit.recorder import Received, Responder, as_json
from tests.contract_kit.scenario import (
    CLEAN,
    NOTHING,
    RECHARGE,
    OpenRun,
    clean,
    json_body,
    opened_run,
    operation_of,
    running_scenario,
)

pytestmark = pytest.mark.slow  # many whole runs of the kit

# ---------------------------------------------------------------------------- after a crash


@pytest.fixture
def open_run(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenRun]:
    """Open a run whose requests have all arrived when it crashes."""
    monkeypatch.setattr("contract_tests.safety.restoration.SETTLE", 0.0)
    with opened_run(server.url, tmp_path) as made:
        yield made


def changes(open_run: OpenRun) -> list[str]:
    """Return the operations of all writes so far."""
    return [
        str(operation_of(request))
        for request in open_run.scenario.received
        if request.method not in ("GET", "HEAD")
    ]


def change_everything(open_run: OpenRun) -> None:
    """Change everything that can be restored, and crash."""
    open_run.caller.call("update_usage_alerts", {"enabled": False})
    open_run.caller.call("update_auto_recharge", {})
    open_run.caller.call(
        "set_default_payment_method", path={"payment_method_id": open_run.add("pm_card_jcb")}
    )
    open_run.add("pm_card_diners")
    open_run.crash()


def test_everything_is_restored_in_a_safe_order(open_run: OpenRun) -> None:
    """The default card is restored before auto-recharge, and settings before cards are removed."""
    change_everything(open_run)
    count = len(changes(open_run))
    outcome = clean(open_run.scenario)
    assert (outcome.code, outcome.verdict) == (0, CLEAN)
    assert open_run.scenario.state == open_run.before
    assert changes(open_run)[count:] == [
        "set_default_payment_method",
        "update_auto_recharge",
        "update_usage_alerts",
        "remove_payment_method",
        "remove_payment_method",
    ]
    assert outcome.out.splitlines()[0].startswith(
        f"{open_run.scenario.recorder.url}: back to how it was before the run of "
    )
    for text in ("default card put back", "auto-recharge put back", "usage alerts put back"):
        assert f"api-key: {text}\n" in outcome.out
    assert (
        len(
            re.findall(
                r"api-key: card [0-9a-f-]{36} \(pm_card_(?:jcb|diners)\) removed\n", outcome.out
            )
        )
        == 2
    )


def test_an_unchanged_state_causes_no_writes(open_run: OpenRun) -> None:
    """A cleanup that has nothing to restore sends no write."""
    open_run.remove(open_run.add("pm_card_jcb"))
    open_run.crash()
    count = len(changes(open_run))
    outcome = clean(open_run.scenario)
    assert (outcome.code, outcome.verdict, len(changes(open_run))) == (0, CLEAN, count)


def test_both_accounts_are_restored(open_run: OpenRun) -> None:
    """Changes made with the other key are restored too."""
    open_run.call_as(OTHER_KEY, "update_usage_alerts", {})
    open_run.call_as(OTHER_KEY, "add_payment_method", {"payment_method_id": "pm_card_jcb"})
    change_everything(open_run)
    outcome = clean(open_run.scenario)
    assert (outcome.code, outcome.verdict) == (0, CLEAN)
    assert open_run.scenario.state == open_run.before


def test_a_card_without_a_response_is_found_by_its_stripe_id(open_run: OpenRun) -> None:
    """If the response to an addition is lost, the card is found by its Stripe id and removed."""
    open_run.change_response = lambda received, response: (
        b"" if operation_of(received) == "add_payment_method" else response
    )
    open_run.caller.call("add_payment_method", {"payment_method_id": "pm_card_jcb"})
    open_run.change_response = lambda _, response: response
    open_run.crash()
    assert open_run.scenario.state != open_run.before
    assert clean(open_run.scenario).verdict == CLEAN
    assert open_run.scenario.state == open_run.before


def test_a_card_added_by_another_client_stays(open_run: OpenRun) -> None:
    """A card of another client is reported, kept, and no failure."""
    open_run.add("pm_card_jcb")
    open_run.crash()
    id = open_run.scenario.customer.add_card("pm_card_diners")
    outcome = clean(open_run.scenario)
    assert (outcome.code, outcome.verdict) == (0, CLEAN)
    assert (
        f"api-key: card {id} (pm_card_diners) was added by somebody else meanwhile, and stays\n"
        in outcome.out
    )
    assert {"pm_card_jcb", "pm_card_diners"} & open_run.scenario.customer.names == {
        "pm_card_diners"
    }


def test_a_card_of_unclear_origin_stays_in_the_journal(open_run: OpenRun) -> None:
    """A new card after an unanswered addition is reported and not removed."""
    open_run.change_response = lambda received, response: (
        b"" if operation_of(received) == "add_payment_method" else response
    )
    open_run.caller.call("add_payment_method", {"payment_method_id": "pm_card_jcb"})
    open_run.change_response = lambda _, response: response
    open_run.crash()
    id = open_run.scenario.customer.add_card("pm_card_diners")
    outcome = clean(open_run.scenario)
    assert outcome.code == 1
    assert (
        f"not put back: api-key: card {id} (pm_card_diners) was not there before, "
        "and may be one that" in outcome.out
    )
    assert (
        outcome.verdict
        == f"NOT CLEAN: 1 not put back; {open_run.scenario.journal} keeps what is to be done"
    )
    open_run.scenario.customer.ask("DELETE", f"{API}/payment-methods/{id}")
    assert clean(open_run.scenario).verdict == CLEAN
    assert open_run.scenario.state == open_run.before


def test_what_cannot_be_restored_is_reported_and_stays_in_the_journal(open_run: OpenRun) -> None:
    """Every failed restoration is reported with its response; a later cleanup completes it."""
    change_everything(open_run)
    refused = {"remove_payment_method", "update_usage_alerts"}
    open_run.change_response = lambda received, response: (
        as_json(409, {"detail": f"not now, {open_run.scenario.customer.key}"})
        if operation_of(received) in refused
        else response
    )
    open_run.forwards = lambda received: operation_of(received) not in refused
    outcome = clean(open_run.scenario)
    assert outcome.code == 1
    failures = [
        line for line in outcome.out.splitlines() if line.startswith("not put back: api-key: ")
    ]
    assert (
        sum(
            "which the run added, is still there (DELETE responds with 409: not now, [" in line
            for line in failures
        )
        == 2
    )
    assert any(
        "usage alerts: 'enabled' is false, and was true (PUT responds with 409: not now, [" in line
        for line in failures
    )
    assert outcome.verdict.startswith(f"NOT CLEAN: {len(failures)} not put back; ")
    assert "auto-recharge put back" in outcome.out
    assert open_run.scenario.customer.key not in outcome.out
    open_run.change_response, open_run.forwards = lambda _, response: response, lambda _: True
    outcome = clean(open_run.scenario)
    assert (outcome.code, outcome.verdict) == (0, CLEAN)
    assert "auto-recharge" not in outcome.out
    assert open_run.scenario.state == open_run.before


def test_an_unreadable_state_is_not_clean(open_run: OpenRun) -> None:
    """If a state cannot be read, the cleanup fails."""
    change_everything(open_run)
    open_run.change_response = lambda received, response: (
        as_json(500, {}) if operation_of(received) == "get_usage_alerts" else response
    )
    outcome = clean(open_run.scenario)
    assert outcome.code == 1
    assert (
        "not put back: api-key: GET /api/v1/billing/usage-alerts responds with 500, "
        "so nobody knows what it was" in outcome.out
    )
    open_run.change_response = lambda _, response: response
    assert clean(open_run.scenario).verdict == CLEAN


def test_a_missing_card_is_reported(open_run: OpenRun) -> None:
    """A card that another client removed cannot be restored, so the cleanup fails."""
    open_run.add("pm_card_jcb")
    open_run.crash()
    gone = open_run.scenario.customer.cards[-1]
    open_run.scenario.customer.ask("DELETE", f"{API}/payment-methods/{gone['id']}")
    outcome = clean(open_run.scenario)
    assert outcome.code == 1
    assert (
        f"not put back: api-key: card {gone['id']} ({gone['stripe_payment_method_id']}) is gone"
        in outcome.out
    )


def test_irreversible_operations_are_reported_by_every_cleanup(open_run: OpenRun) -> None:
    """Irreversible operations are reported with count and ids; they were allowed, so no failure."""
    ids = [
        open_run.caller.call("create_deposit", {"amount_cents": 5_000}).object["session_id"]
        for _ in range(5)
    ]
    open_run.crash()
    for _ in range(2):
        outcome = clean(open_run.scenario)
        assert outcome.code == 0
        assert (
            f"cannot be undone: create_deposit, 5 times: {', '.join(ids[:3])}, ...\n" in outcome.out
        )


def test_auto_recharge_is_restored_with_its_original_consent(open_run: OpenRun) -> None:
    """The restoring PUT sends every field with its original value."""
    open_run.caller.call("disable_auto_recharge")
    open_run.caller.call("update_auto_recharge", {"consent_text": "other words"})
    open_run.crash()
    assert clean(open_run.scenario).verdict == CLEAN
    assert (
        json_body(
            next(
                request
                for request in reversed(open_run.scenario.received)
                if request.method == "PUT"
            )
        )
        == RECHARGE
    )


# ------------------------------------------------------------------- deployment and accounts


def test_cleanup_uses_the_deployment_and_variables_of_the_journal(open_run: OpenRun) -> None:
    """Flags name the variables if they have changed since the run."""
    change_everything(open_run)
    keys = {
        "BILLING_API_KEY": "",
        "OTHER_KEY": "",
        "MINE": open_run.scenario.customer.key,
        "THEIRS": open_run.scenario.other.key,
    }
    outcome = clean(open_run.scenario, **keys)
    assert outcome.code == 2
    assert "set the environment variable BILLING_API_KEY" in outcome.error_line
    outcome = clean(open_run.scenario, "--api-key-env", "MINE", "--other-key-env", "THEIRS", **keys)
    assert (outcome.code, outcome.verdict) == (0, CLEAN)
    assert open_run.scenario.state == open_run.before


def test_cleanup_reads_the_contract_of_the_run(open_run: OpenRun, tmp_path: Path) -> None:
    """--spec replaces the contract of the run if that file is missing."""
    spec = tmp_path / "mine.yaml"
    spec.write_bytes(packaged_spec().read_bytes())
    change_everything(open_run)
    whole = open_run.scenario.journal.read_text()
    open_run.scenario.journal.write_text(whole.replace('"spec": null', f'"spec": "{spec}"'))
    spec.rename(tmp_path / "moved.yaml")
    outcome = clean(open_run.scenario)
    assert (outcome.code, outcome.error_line) == (
        2,
        f"{spec}: cannot be read (No such file or directory)",
    )
    assert clean(open_run.scenario, "--spec", tmp_path / "moved.yaml").verdict == CLEAN


def test_a_contract_without_the_operations_of_the_journal_is_rejected(
    open_run: OpenRun, tmp_path: Path
) -> None:
    """A contract without a needed operation fails before any write."""
    change_everything(open_run)
    count = len(changes(open_run))
    spec = tmp_path / "small.yaml"
    spec.write_text(
        "openapi: 3.0.3\n"
        "paths: {/x: {get: {operationId: get_x, responses: {'200': {description: x}}}}}\n"
    )
    outcome = clean(open_run.scenario, "--spec", spec)
    assert (outcome.code, outcome.error_line) == (
        2,
        f"{spec}: has no 'get_auto_recharge', of which the journal speaks",
    )
    assert len(changes(open_run)) == count


def test_a_key_of_another_account_is_rejected(open_run: OpenRun) -> None:
    """Settings of one account are never written to another account."""
    change_everything(open_run)
    count = len(changes(open_run))
    outcome = clean(open_run.scenario, BILLING_API_KEY=open_run.scenario.other.key)
    assert outcome.code == 2
    assert (
        "the key of BILLING_API_KEY is that of another account than the journal's; "
        "nothing was changed" in outcome.err
    )
    assert len(changes(open_run)) == count


@pytest.mark.parametrize("key", ["not-a-key", "sk_live_0123456789"])
def test_a_rejected_key_is_reported(open_run: OpenRun, key: str) -> None:
    """The error names the variable and not the key; the exit code is 3."""
    change_everything(open_run)
    outcome = clean(open_run.scenario, BILLING_API_KEY=key)
    assert outcome.code == 3
    assert "refuses the key of BILLING_API_KEY with 401" in outcome.err
    assert key not in outcome.out + outcome.err


def test_an_unreachable_deployment_is_reported_and_the_journal_is_kept(open_run: OpenRun) -> None:
    """The exit code is 3, and a later cleanup restores everything."""
    change_everything(open_run)
    whole = open_run.scenario.journal.read_text()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        open_run.scenario.journal.write_text(whole.replace(open_run.scenario.recorder.url, url))
        outcome = clean(open_run.scenario)
    assert outcome.code == 3
    assert f"{url} cannot be reached: connection refused" in outcome.err
    open_run.scenario.journal.write_text(whole)
    assert clean(open_run.scenario).verdict == CLEAN


def test_cleanup_refuses_the_journal_of_an_active_run(open_run: OpenRun) -> None:
    """A cleanup does not start while the run still writes the journal."""
    open_run.add("pm_card_jcb")
    outcome = clean(open_run.scenario)
    assert outcome.code == 2
    assert (
        outcome.error_line
        == f"{open_run.scenario.journal}: the run that writes it is still going on"
    )


def test_a_truncated_last_line_is_ignored(open_run: OpenRun) -> None:
    """If the crash truncates the last line, the cleanup still restores everything."""
    open_run.add("pm_card_jcb")
    open_run.crash()
    whole = open_run.scenario.journal.read_bytes()
    open_run.scenario.journal.write_bytes(whole[:-20])
    assert clean(open_run.scenario).verdict == CLEAN
    assert open_run.scenario.state == open_run.before


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"# some other file\n", "is no journal of contract-tests"),
        (b'{"log": {"version": "1.2"}}', "is no journal of contract-tests"),
        (None, "cannot be opened (No such file or directory)"),
    ],
)
def test_a_file_that_is_no_journal_is_rejected(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    """The error is one line, and the file is not changed."""
    path = tmp_path / "mine"
    if content is not None:
        path.write_bytes(content)
    outcome = kit("cleanup", path)
    assert (outcome.code, outcome.error_line) == (2, f"{path}: {why}")
    assert content is None or path.read_bytes() == content


def test_an_empty_journal_has_nothing_to_restore(tmp_path: Path) -> None:
    """A run that was killed before its first request leaves an empty journal."""
    path = tmp_path / "journal"
    path.touch()
    outcome = kit("cleanup", path)
    assert (outcome.code, outcome.out) == (0, f"{NOTHING}\n")


def test_cleanup_has_help_and_rejects_missing_arguments() -> None:
    """The help text lists the flags and the exit codes."""
    assert kit("cleanup").code == 2
    outcome = kit("cleanup", "--help")
    assert outcome.code == 0
    for word in ("--api-key-env", "--other-key-env", "--ca-bundle", "--timeout", "exit codes"):
        assert word in outcome.out


# ------------------------------------------------------------------------ by the run itself


def test_a_run_reports_what_it_could_not_restore(server: RunningServer, tmp_path: Path) -> None:
    """The run fails and keeps its journal; the next run requires a cleanup first."""
    is_rejecting = True

    def wrap(forward: Responder) -> Responder:
        return lambda received: (
            as_json(409, {"detail": "no"})
            if is_rejecting and operation_of(received) == "remove_payment_method"
            else forward(received)
        )

    with running_scenario(server.url, tmp_path, wrap) as scenario:
        before = scenario.state
        keys = {"BILLING_API_KEY": scenario.customer.key, "OTHER_KEY": scenario.other.key}
        words: list[str | Path] = [
            "--allow-writes",
            "--other-key-env",
            "OTHER_KEY",
            "--journal",
            scenario.journal,
        ]
        words += ["--phases", "stories", "--only", "payment-methods"]
        outcome = kit("run", scenario.recorder.url, *words, **keys)
        assert outcome.code == 1
        assert re.search(
            r"not put back: api-key: card [0-9a-f-]{36} \(pm_card_\w+\), which the run added, is ",
            outcome.out,
        )
        assert f"put it back: contract-tests cleanup {scenario.journal}" in outcome.out
        count = len(scenario.received)
        again = kit("run", scenario.recorder.url, *words, **keys)
        assert again.code == 2
        assert f"put it back first: contract-tests cleanup {scenario.journal}" in again.error_line
        assert {request.method for request in scenario.received[count:]} == {"GET"}
        is_rejecting = False
        assert clean(scenario).verdict == CLEAN
        assert scenario.state == before


def test_a_deployment_that_stops_during_the_restoration_is_reported(
    server: RunningServer, tmp_path: Path
) -> None:
    """The run exits with code 3 and prints the cleanup command."""
    gone = threading.Event()

    def wrap(forward: Responder) -> Responder:
        def respond(received: Received) -> bytes:
            if operation_of(received) == "update_usage_alerts":
                gone.set()
            return b"" if gone.is_set() else forward(received)

        return respond

    with running_scenario(server.url, tmp_path, wrap) as scenario:
        keys = {"BILLING_API_KEY": scenario.customer.key}
        words: list[str | Path] = [
            "--allow-writes",
            "--journal",
            scenario.journal,
            "--phases",
            "stories",
            "--only",
            "usage-alerts",
        ]
        outcome = kit("run", scenario.recorder.url, *words, **keys)
        assert outcome.code == 3
        assert f"put it back: contract-tests cleanup {scenario.journal}" in outcome.out
        assert outcome.verdict.startswith("UNREACHABLE")
