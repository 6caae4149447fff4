"""The way back: after a crash by ``contract-tests cleanup``, after anything else by the run itself."""

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
from tests.contract_kit.recorder import Answerer, Received, as_json
from tests.contract_kit.scene import (
    CLEAN,
    NOTHING,
    RECHARGE,
    Stage,
    clean,
    operation_of,
    scene,
    sent,
    staged,
)

pytestmark = pytest.mark.slow  # many whole runs of the kit

# ------------------------------------------------------------------------------------------------------- after a crash


@pytest.fixture
def stage(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    """Where a run has crashed a while ago: nothing of it is on its way any more."""
    monkeypatch.setattr("contract_tests.safety.restoration.SETTLE", 0.0)
    with staged(server.url, tmp_path) as made:
        yield made


def changes(stage: Stage) -> list[str]:
    """The writes that were sent so far."""
    return [
        str(operation_of(request))
        for request in stage.scene.received
        if request.method not in ("GET", "HEAD")
    ]


def upset(stage: Stage) -> None:
    """Change everything that can be put back, and crash."""
    stage.caller.call("update_usage_alerts", {"enabled": False})
    stage.caller.call("update_auto_recharge", {})
    stage.caller.call(
        "set_default_payment_method", path={"payment_method_id": stage.add("pm_card_jcb")}
    )
    stage.add("pm_card_diners")
    stage.crash()


def test_everything_is_put_back_in_an_order_that_harms_nobody(stage: Stage) -> None:
    """The default card before an auto-recharge is enabled that charges it; settings before the cards that they name."""
    upset(stage)
    count = len(changes(stage))
    said = clean(stage.scene)
    assert (said.code, said.verdict) == (0, CLEAN)
    assert stage.scene.state == stage.before
    assert changes(stage)[count:] == [
        "set_default_payment_method",
        "update_auto_recharge",
        "update_usage_alerts",
        "remove_payment_method",
        "remove_payment_method",
    ]
    assert said.out.splitlines()[0].startswith(
        f"{stage.scene.recorder.url}: back to how it was before the run of "
    )
    for text in ("default card put back", "auto-recharge put back", "usage alerts put back"):
        assert f"api-key: {text}\n" in said.out
    assert (
        len(
            re.findall(
                r"api-key: card [0-9a-f-]{36} \(pm_card_(?:jcb|diners)\) removed\n", said.out
            )
        )
        == 2
    )


def test_what_is_as_it_was_is_left_alone(stage: Stage) -> None:
    """A crash after which nothing is to be done: no write is sent."""
    stage.remove(stage.add("pm_card_jcb"))
    stage.crash()
    count = len(changes(stage))
    said = clean(stage.scene)
    assert (said.code, said.verdict, len(changes(stage))) == (0, CLEAN, count)


def test_both_accounts_are_put_back(stage: Stage) -> None:
    """Also what the one account did with the key of the other."""
    stage.call_as(OTHER_KEY, "update_usage_alerts", {})
    stage.call_as(OTHER_KEY, "add_payment_method", {"payment_method_id": "pm_card_jcb"})
    upset(stage)
    said = clean(stage.scene)
    assert (said.code, said.verdict) == (0, CLEAN)
    assert stage.scene.state == stage.before


def test_what_nobody_heard_of_is_found_by_its_stripe_id(stage: Stage) -> None:
    """The answer was lost: a card that was not there before, under the name that was about to be added."""
    stage.change = lambda received, answer: (
        b"" if operation_of(received) == "add_payment_method" else answer
    )
    stage.caller.call("add_payment_method", {"payment_method_id": "pm_card_jcb"})
    stage.change = lambda _, answer: answer
    stage.crash()
    assert stage.scene.state != stage.before
    assert clean(stage.scene).verdict == CLEAN
    assert stage.scene.state == stage.before


def test_a_card_that_somebody_else_has_added_stays(stage: Stage) -> None:
    """It is told, and is no reason to fail."""
    stage.add("pm_card_jcb")
    stage.crash()
    id = stage.scene.customer.add_card("pm_card_diners")
    said = clean(stage.scene)
    assert (said.code, said.verdict) == (0, CLEAN)
    assert (
        f"api-key: card {id} (pm_card_diners) was added by somebody else meanwhile, and stays\n"
        in said.out
    )
    assert {"pm_card_jcb", "pm_card_diners"} & stage.scene.customer.names == {"pm_card_diners"}


def test_a_card_that_may_be_the_runs_is_left_to_a_person(stage: Stage) -> None:
    """An addition was never answered, and now there is a card under another name: it is told, and kept in mind."""
    stage.change = lambda received, answer: (
        b"" if operation_of(received) == "add_payment_method" else answer
    )
    stage.caller.call("add_payment_method", {"payment_method_id": "pm_card_jcb"})
    stage.change = lambda _, answer: answer
    stage.crash()
    id = stage.scene.customer.add_card("pm_card_diners")
    said = clean(stage.scene)
    assert said.code == 1
    assert (
        f"not put back: api-key: card {id} (pm_card_diners) was not there before, and may be one that"
        in said.out
    )
    assert (
        said.verdict == f"NOT CLEAN: 1 not put back; {stage.scene.journal} keeps what is to be done"
    )
    stage.scene.customer.ask("DELETE", f"{API}/payment-methods/{id}")
    assert clean(stage.scene).verdict == CLEAN
    assert stage.scene.state == stage.before


def test_what_cannot_be_put_back_is_told_and_kept(stage: Stage) -> None:
    """A line for each thing, with what the deployment answers; exit code 1; later it is done."""
    upset(stage)
    refused = {"remove_payment_method", "update_usage_alerts"}
    stage.change = lambda received, answer: (
        as_json(409, {"detail": f"not now, {stage.scene.customer.key}"})
        if operation_of(received) in refused
        else answer
    )
    stage.forwards = lambda received: operation_of(received) not in refused
    said = clean(stage.scene)
    assert said.code == 1
    told = [line for line in said.out.splitlines() if line.startswith("not put back: api-key: ")]
    assert (
        sum(
            "which the run added, is still there (DELETE answers 409: not now, [" in line
            for line in told
        )
        == 2
    )
    assert any(
        "usage alerts: 'enabled' is false, and was true (PUT answers 409: not now, [" in line
        for line in told
    )
    assert said.verdict.startswith(f"NOT CLEAN: {len(told)} not put back; ")
    assert "auto-recharge put back" in said.out
    assert stage.scene.customer.key not in said.out
    stage.change, stage.forwards = lambda _, answer: answer, lambda _: True
    said = clean(stage.scene)
    assert (said.code, said.verdict) == (0, CLEAN)
    assert "auto-recharge" not in said.out
    assert stage.scene.state == stage.before


def test_what_cannot_be_read_any_more_is_not_called_clean(stage: Stage) -> None:
    """Nobody knows whether it is as it was."""
    upset(stage)
    stage.change = lambda received, answer: (
        as_json(500, {}) if operation_of(received) == "get_usage_alerts" else answer
    )
    said = clean(stage.scene)
    assert said.code == 1
    assert (
        "not put back: api-key: GET /api/v1/billing/usage-alerts answers 500, so nobody knows what it was"
        in said.out
    )
    stage.change = lambda _, answer: answer
    assert clean(stage.scene).verdict == CLEAN


def test_a_card_that_is_gone_is_told(stage: Stage) -> None:
    """It was there before the run, and the run has not removed it; nobody can bring it back."""
    stage.add("pm_card_jcb")
    stage.crash()
    gone = stage.scene.customer.cards[-1]
    stage.scene.customer.ask("DELETE", f"{API}/payment-methods/{gone['id']}")
    said = clean(stage.scene)
    assert said.code == 1
    assert (
        f"not put back: api-key: card {gone['id']} ({gone['stripe_payment_method_id']}) is gone"
        in said.out
    )


def test_what_cannot_be_undone_is_told_each_time(stage: Stage) -> None:
    """How often, and with ids; it fails nothing, as it was allowed."""
    ids = [
        stage.caller.call("create_deposit", {"amount_cents": 5_000}).object["session_id"]
        for _ in range(5)
    ]
    stage.crash()
    for _ in range(2):
        said = clean(stage.scene)
        assert said.code == 0
        assert f"cannot be undone: create_deposit, 5 times: {', '.join(ids[:3])}, ...\n" in said.out


def test_an_enabled_recharge_is_enabled_again_with_the_same_words(stage: Stage) -> None:
    """All of what was set, so that nothing takes its default; the consent to the letter."""
    stage.caller.call("disable_auto_recharge")
    stage.caller.call("update_auto_recharge", {"consent_text": "other words"})
    stage.crash()
    assert clean(stage.scene).verdict == CLEAN
    assert (
        sent(next(request for request in reversed(stage.scene.received) if request.method == "PUT"))
        == RECHARGE
    )


# ------------------------------------------------------------------------------------------------- where and with whom


def test_it_goes_where_the_journal_says_with_the_keys_that_it_names(stage: Stage) -> None:
    """Variables may have other names meanwhile."""
    upset(stage)
    keys = {
        "BILLING_API_KEY": "",
        "OTHER_KEY": "",
        "MINE": stage.scene.customer.key,
        "THEIRS": stage.scene.other.key,
    }
    said = clean(stage.scene, **keys)
    assert said.code == 2
    assert "set the environment variable BILLING_API_KEY" in said.complaint
    said = clean(stage.scene, "--api-key-env", "MINE", "--other-key-env", "THEIRS", **keys)
    assert (said.code, said.verdict) == (0, CLEAN)
    assert stage.scene.state == stage.before


def test_it_reads_the_contract_that_the_run_read(stage: Stage, tmp_path: Path) -> None:
    """Or the one that is named, where that is not there any more."""
    spec = tmp_path / "mine.yaml"
    spec.write_bytes(packaged_spec().read_bytes())
    upset(stage)
    whole = stage.scene.journal.read_text()
    stage.scene.journal.write_text(whole.replace('"spec": null', f'"spec": "{spec}"'))
    spec.rename(tmp_path / "moved.yaml")
    said = clean(stage.scene)
    assert (said.code, said.complaint) == (2, f"{spec}: cannot be read (No such file or directory)")
    assert clean(stage.scene, "--spec", tmp_path / "moved.yaml").verdict == CLEAN


def test_a_contract_without_what_the_journal_speaks_of_is_told(
    stage: Stage, tmp_path: Path
) -> None:
    """Nothing is changed by half."""
    upset(stage)
    count = len(changes(stage))
    spec = tmp_path / "small.yaml"
    spec.write_text(
        "openapi: 3.0.3\npaths: {/x: {get: {operationId: get_x, responses: {'200': {description: x}}}}}\n"
    )
    said = clean(stage.scene, "--spec", spec)
    assert (said.code, said.complaint) == (
        2,
        f"{spec}: has no 'get_auto_recharge', of which the journal speaks",
    )
    assert len(changes(stage)) == count


def test_another_account_is_not_touched(stage: Stage) -> None:
    """The key is another one now: settings of the one are not put into the other."""
    upset(stage)
    count = len(changes(stage))
    said = clean(stage.scene, BILLING_API_KEY=stage.scene.other.key)
    assert said.code == 2
    assert (
        "the key of BILLING_API_KEY is that of another account than the journal's; nothing was changed"
        in said.err
    )
    assert len(changes(stage)) == count


@pytest.mark.parametrize("key", ["not-a-key", "sk_live_0123456789"])
def test_a_key_that_is_refused_is_told(stage: Stage, key: str) -> None:
    """By the name of its variable, with exit code 3."""
    upset(stage)
    said = clean(stage.scene, BILLING_API_KEY=key)
    assert said.code == 3
    assert "refuses the key of BILLING_API_KEY with 401" in said.err
    assert key not in said.out + said.err


def test_a_deployment_that_is_away_is_told_and_the_journal_is_kept(stage: Stage) -> None:
    """Exit code 3; what is to be done stays in the journal."""
    upset(stage)
    whole = stage.scene.journal.read_text()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        stage.scene.journal.write_text(whole.replace(stage.scene.recorder.url, url))
        said = clean(stage.scene)
    assert said.code == 3
    assert f"{url} cannot be reached: connection refused" in said.err
    stage.scene.journal.write_text(whole)
    assert clean(stage.scene).verdict == CLEAN


def test_it_waits_for_the_end_of_the_run(stage: Stage) -> None:
    """Nobody cleans up under the hands of a run."""
    stage.add("pm_card_jcb")
    said = clean(stage.scene)
    assert said.code == 2
    assert said.complaint == f"{stage.scene.journal}: the run that writes it is still going on"


def test_a_line_that_the_crash_cut_off_is_no_obstacle(stage: Stage) -> None:
    """The answer was about to be written down."""
    stage.add("pm_card_jcb")
    stage.crash()
    whole = stage.scene.journal.read_bytes()
    stage.scene.journal.write_bytes(whole[:-20])
    assert clean(stage.scene).verdict == CLEAN
    assert stage.scene.state == stage.before


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"# some other file\n", "is no journal of contract-tests"),
        (b'{"log": {"version": "1.2"}}', "is no journal of contract-tests"),
        (None, "cannot be opened (No such file or directory)"),
    ],
)
def test_a_file_that_is_no_journal_is_told(tmp_path: Path, content: bytes | None, why: str) -> None:
    """In one line, and it stays as it is."""
    path = tmp_path / "mine"
    if content is not None:
        path.write_bytes(content)
    said = kit("cleanup", path)
    assert (said.code, said.complaint) == (2, f"{path}: {why}")
    assert content is None or path.read_bytes() == content


def test_an_empty_journal_has_nothing_to_put_back(tmp_path: Path) -> None:
    """The run was killed before it sent anything."""
    path = tmp_path / "journal"
    path.touch()
    said = kit("cleanup", path)
    assert (said.code, said.out) == (0, f"{NOTHING}\n")


def test_wrong_flags_and_help_are_told() -> None:
    """Like those of every command."""
    assert kit("cleanup").code == 2
    said = kit("cleanup", "--help")
    assert said.code == 0
    for word in ("--api-key-env", "--other-key-env", "--ca-bundle", "--timeout", "exit codes"):
        assert word in said.out


# ---------------------------------------------------------------------------------------------------- by the run itself


def test_a_run_tells_what_it_could_not_put_back(server: RunningServer, tmp_path: Path) -> None:
    """It fails, names each thing and the command; the journal is kept, and the next run does not begin."""
    is_stubborn = True

    def wrap(forward: Answerer) -> Answerer:
        return lambda received: (
            as_json(409, {"detail": "no"})
            if is_stubborn and operation_of(received) == "remove_payment_method"
            else forward(received)
        )

    with scene(server.url, tmp_path, wrap) as stage:
        before = stage.state
        keys = {"BILLING_API_KEY": stage.customer.key, "OTHER_KEY": stage.other.key}
        words: list[str | Path] = [
            "--allow-writes",
            "--other-key-env",
            "OTHER_KEY",
            "--journal",
            stage.journal,
        ]
        words += ["--phases", "stories", "--only", "payment-methods"]
        said = kit("run", stage.recorder.url, *words, **keys)
        assert said.code == 1
        assert re.search(
            r"not put back: api-key: card [0-9a-f-]{36} \(pm_card_\w+\), which the run added, is ",
            said.out,
        )
        assert f"put it back: contract-tests cleanup {stage.journal}" in said.out
        count = len(stage.received)
        again = kit("run", stage.recorder.url, *words, **keys)
        assert again.code == 2
        assert f"put it back first: contract-tests cleanup {stage.journal}" in again.complaint
        assert {request.method for request in stage.received[count:]} == {"GET"}
        is_stubborn = False
        assert clean(stage).verdict == CLEAN
        assert stage.state == before


def test_a_deployment_that_goes_away_in_the_end_is_told(
    server: RunningServer, tmp_path: Path
) -> None:
    """Whatever was found, the run does not pass: exit code 3, and what to do."""
    gone = threading.Event()

    def wrap(forward: Answerer) -> Answerer:
        def answer(received: Received) -> bytes:
            if operation_of(received) == "update_usage_alerts":
                gone.set()
            return b"" if gone.is_set() else forward(received)

        return answer

    with scene(server.url, tmp_path, wrap) as stage:
        keys = {"BILLING_API_KEY": stage.customer.key}
        words: list[str | Path] = [
            "--allow-writes",
            "--journal",
            stage.journal,
            "--phases",
            "stories",
            "--only",
            "usage-alerts",
        ]
        said = kit("run", stage.recorder.url, *words, **keys)
        assert said.code == 3
        assert f"put it back: contract-tests cleanup {stage.journal}" in said.out
        assert said.verdict.startswith("UNREACHABLE")
