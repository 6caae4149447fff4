"""The journal: on the disk before what it tells of happens, and a gate that keeps back what could not be put back."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from contract_tests.billing.knowledge import KNOWLEDGE
from contract_tests.context import KEY, OTHER_KEY, Run
from contract_tests.errors import UsageError
from contract_tests.http.channel import Withheld
from contract_tests.http.client import Client
from contract_tests.http.exchange import Request
from contract_tests.http.redaction import Keyring
from contract_tests.safety.journal_file import JournalFile, Record
from tests.conftest import API, RunningServer
from tests.contract_kit.exchanges import CONTRACT
from tests.contract_kit.recorder import as_json
from tests.contract_kit.scene import ALERTS, CLEAN, RECHARGE, Stage, clean, operation_of, staged

NOBODY = "00000000-0000-4000-8000-000000000000"


def record(stage: Stage) -> Record:
    """What stands in the file."""
    stage.crash()
    with closing(JournalFile(stage.scene.journal)) as file:
        return file.record


@pytest.fixture
def stage(server: RunningServer, tmp_path: Path) -> Iterator[Stage]:
    with staged(server.url, tmp_path) as made:
        yield made


# -------------------------------------------------------------------------------------------------------- what it says


def test_it_begins_with_where_and_whose_without_keys(stage: Stage) -> None:
    """The URL and the names of the variables; a file for its owner's eyes only."""
    assert stage.told[0]["url"] == stage.scene.recorder.url
    assert stage.told[0]["keys"] == {"api-key": "BILLING_API_KEY", "other-key": "OTHER_KEY"}
    assert stage.scene.journal.stat().st_mode & 0o077 == 0


def test_reads_are_not_written_down(stage: Stage) -> None:
    """A run that changes nothing has nothing to put back."""
    stage.caller.call("get_balance")
    assert len(stage.told) == 1


def test_the_state_of_every_account_is_on_the_disk_before_the_first_write(stage: Stage) -> None:
    """Settings as far as they can be set, cards with the default, of both accounts, and whose they are."""
    seen: list[list[dict[str, Any]]] = []
    stage.seen = lambda received: seen.append(stage.told) if received.method == "PUT" else None
    stage.caller.call("update_usage_alerts", {})
    before = {
        (entry["account"], entry["part"]): entry["state"]
        for entry in seen[0]
        if entry["entry"] == "before"
    }
    assert before[KEY, "get_auto_recharge"] == before[OTHER_KEY, "get_auto_recharge"] == RECHARGE
    assert before[KEY, "get_usage_alerts"] == before[OTHER_KEY, "get_usage_alerts"] == ALERTS
    for account, customer in ((KEY, stage.scene.customer), (OTHER_KEY, stage.scene.other)):
        cards = [
            {name: card[name] for name in ("id", "stripe_payment_method_id")}
            for card in customer.cards
        ]
        assert before[account, "list_payment_methods"] == {
            "cards": cards,
            "default": cards[1]["id"],
        }
    owners = {entry["account"]: entry["id"] for entry in seen[0] if entry["entry"] == "owner"}
    assert owners[KEY] == stage.scene.customer.ask("GET", f"{API}/auto-recharge")["user_id"]
    assert owners[KEY] != owners[OTHER_KEY]
    assert seen[0][-1] | {"time": ""} == {
        "entry": "changes", "account": KEY, "operation": "update_usage_alerts", "time": "",
    }  # fmt: skip


def test_a_card_is_on_the_disk_before_it_is_made_and_by_its_id_before_it_can_be_used(
    stage: Stage,
) -> None:
    """The intention with the Stripe id, then the id."""
    seen: list[dict[str, Any]] = []
    stage.seen = lambda received: seen.append(stage.told[-1]) if received.method == "POST" else None
    id = stage.add("pm_card_jcb")
    assert (seen[0]["entry"], seen[0]["names"]) == ("sends", ["pm_card_jcb"])
    assert (stage.told[-1]["entry"], stage.told[-1]["id"]) == ("answered", id)
    assert stage.told[-1]["number"] == seen[0]["number"]


def test_changes_of_one_sort_are_written_down_once(stage: Stage) -> None:
    """What must be put back is known already."""
    for _ in range(3):
        stage.caller.call("update_usage_alerts", {})
    assert len(stage.of("changes")) == 1


def test_what_cannot_be_undone_is_written_down_each_time(stage: Stage) -> None:
    """With what came of it: what was refused has made nothing."""
    stage.caller.call("create_deposit", {"amount_cents": 5_000})
    stage.caller.call("create_deposit", {"amount_cents": 1})
    stage.caller.raw(Request("POST", f"{API}/balance"))
    assert [entry["operation"] for entry in stage.of("sends")] == [
        "create_deposit", "create_deposit", f"POST {API}/balance",
    ]  # fmt: skip
    assert [entry["status"] for entry in stage.of("answered")] == [200, 422, 405]
    session = stage.of("answered")[0]["id"]
    assert list(record(stage).irreversible()) == [f"create_deposit, once: {session}"]


def test_writes_of_many_threads_wait_for_one_reading(stage: Stage) -> None:
    """The state is read once, and nothing is sent before."""
    names = [f"pm_card_{name}" for name in ("jcb", "diners", "unionpay", "mastercard")]
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(stage.add, names))
    kinds = [entry["entry"] for entry in stage.told]
    assert kinds.count("before") == 6
    assert kinds.index("sends") > max(index for index, kind in enumerate(kinds) if kind == "before")
    assert {entry["id"] for entry in stage.of("answered")} == set(ids)


# ------------------------------------------------------------------------------------------------ what it keeps back


def test_what_cannot_be_read_is_not_changed(stage: Stage) -> None:
    """The settings whose state nobody knows; others may be changed. It is tried three times at most."""
    asked: list[str] = []
    stage.seen = lambda received: asked.append(
        f"{operation_of(received)} {received.header('x-api-key')}"
    )
    stage.change = lambda received, answer: (
        as_json(503, {"detail": "later"})
        if operation_of(received) == "get_usage_alerts"
        else answer
    )
    for _ in range(5):
        with pytest.raises(Withheld, match=r"GET /api/v1/billing/usage-alerts answers 503"):
            stage.caller.call("update_usage_alerts", {})
    assert asked.count(f"get_usage_alerts {stage.scene.customer.key}") == 3
    assert not any(request.startswith("update") for request in asked)
    assert stage.caller.call("disable_auto_recharge").status == 200
    assert any("503" in why for why in stage.run.guard.withheld)


def test_what_can_be_read_again_may_be_changed(stage: Stage) -> None:
    """A failure that passes is none."""
    answers = iter([as_json(503, {}), as_json(503, {})])
    stage.change = lambda received, answer: (
        next(answers, answer) if operation_of(received) == "get_usage_alerts" else answer
    )
    with pytest.raises(Withheld):
        stage.caller.call("update_usage_alerts", {})
    assert stage.caller.call("update_usage_alerts", {}).status == 200


@pytest.mark.parametrize(
    ("read", "write", "change", "why"),
    [
        (
            "get_auto_recharge",
            "update_auto_recharge",
            {"consent_text": ...},
            "does not show 'consent_text'",
        ),
        ("get_auto_recharge", "disable_auto_recharge", {"enabled": ...}, "does not show 'enabled'"),
        (
            "get_auto_recharge",
            "update_auto_recharge",
            {"recharge_amount_cents": 5},
            "not what a PUT takes",
        ),
        (
            "get_usage_alerts",
            "update_usage_alerts",
            {"webhook_url": "https://a.b/?k=sk_live_0123456789"},
            "a secret",
        ),
        (
            "list_payment_methods",
            "add_payment_method",
            {"payment_methods": "none"},
            "the list of cards is none",
        ),
        ("list_payment_methods", "create_setup_intent", {"payment_methods": [{"id": 5}]}, ""),
        (
            "list_payment_methods",
            "add_payment_method",
            {"payment_methods": [{"id": 5}]},
            "has no id",
        ),
        (
            "list_payment_methods",
            "set_default_payment_method",
            {"payment_methods": ...},
            "the list of cards is none",
        ),
    ],
)
def test_what_could_not_be_put_back_is_not_changed(
    stage: Stage, read: str, write: str, change: dict[str, Any], why: str
) -> None:
    """A field that is not shown, a value that would be refused, a secret that must not be written down, no list."""

    def changed(body: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in {**body, **change}.items() if value is not ...}

    stage.answers(read, changed)
    operation = CONTRACT.operations[write]
    path = (
        {"payment_method_id": stage.scene.customer.cards[0]["id"]} if operation.path_names else {}
    )
    args = (
        ({"payment_method_id": "pm_card_jcb"} if write == "add_payment_method" else {},)
        if operation.body
        else ()
    )
    if why:
        with pytest.raises(Withheld, match=why):
            stage.caller.call(write, *args, path=path)
        assert write not in map(operation_of, stage.scene.received)
    else:
        assert stage.caller.call(write, *args, path=path).status == 200
    assert "sk_live" not in stage.scene.journal.read_text()


def test_a_request_without_a_good_key_waits_for_all_accounts(stage: Stage) -> None:
    """A deployment may take it for anybody's."""
    stage.change = lambda received, answer: (
        as_json(503, {}) if received.header("x-api-key") == stage.scene.other.key else answer
    )
    with pytest.raises(Withheld):
        Client(stage.run.channel, None).call("update_usage_alerts", {})
    assert stage.caller.call("update_usage_alerts", {}).status == 200


def test_cards_of_others_are_not_removed(stage: Stage) -> None:
    """By neither name, in no spelling, by neither account, on no path; whatever is allowed."""
    names = stage.scene.customer.names
    for name in names:
        for spelling in (name, name.upper(), f" {name}"):
            for key in (KEY, OTHER_KEY):
                with pytest.raises(Withheld, match="not its to remove"):
                    stage.remove(spelling, key)
        encoded = "".join(f"%{ord(char):02x}" for char in name)
        for path in (
            f"/payment-methods/{encoded}",
            f"/payment-methods/{name}/default",
            f"/payment-methods/{name}/",
        ):
            with pytest.raises(Withheld, match="not its to remove"):
                stage.caller.raw(Request("DELETE", API + path))
    assert not any(request.method == "DELETE" for request in stage.scene.received)
    assert stage.scene.customer.names == names


def test_cards_of_the_run_and_of_nobody_may_be_removed(stage: Stage) -> None:
    """Its own by either name; what is not there is refused by the deployment."""
    stage.add("pm_card_jcb")
    assert stage.remove(stage.add("pm_card_diners")) == 200
    assert stage.remove("pm_card_jcb") == 200
    assert stage.remove(NOBODY) == 404
    assert stage.remove(quote("no/such card")) == 404


def test_a_card_that_somebody_adds_meanwhile_is_not_removed(stage: Stage) -> None:
    """Once the run has seen it in a list, from which it could take it for its own."""
    own = stage.add("pm_card_diners")
    id = stage.scene.customer.add_card("pm_card_jcb")
    stage.caller.call("list_payment_methods")
    for name in (id, "pm_card_jcb"):
        with pytest.raises(Withheld, match="not its to remove"):
            stage.remove(name)
    assert stage.remove(own) == 200


def test_what_cannot_be_written_down_does_not_leave(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full: half a line may be there, so nothing is written after it either; the way back is open."""
    id = stage.add("pm_card_jcb")
    write = os.write

    def fail(descriptor: int, data: bytes) -> int:
        write(descriptor, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fail)
        with pytest.raises(
            Withheld, match=r"journal cannot be written any more \(No space left on device\)"
        ):
            stage.add("pm_card_diners")
    with pytest.raises(Withheld, match="No space left on device"):
        stage.caller.call("create_deposit", {"amount_cents": 5_000})
    assert stage.caller.call("get_balance").status == 200
    assert [request.method for request in stage.scene.received].count("POST") == 1
    assert stage.journal.put_back().left == []
    assert stage.scene.state == stage.before
    assert record(stage).created == {id}
    assert clean(stage.scene).verdict == CLEAN


def test_nothing_is_written_without_a_journal(stage: Stage) -> None:
    """A run that has not begun its journal changes nothing."""
    run = Run(stage.scene.settings(allow_writes=True), CONTRACT, KNOWLEDGE)
    with pytest.raises(Withheld, match="no journal"):
        Client(run.channel, KEY).call("update_usage_alerts", {})
    assert not any(request.method == "PUT" for request in stage.scene.received)


# ------------------------------------------------------------------------------------------------------------- the file


def test_a_journal_with_something_to_put_back_is_not_overwritten(stage: Stage) -> None:
    """It says what to do first; afterwards it is begun anew."""
    stage.add("pm_card_jcb")
    stage.crash()
    kept = stage.scene.journal.read_bytes()
    with pytest.raises(UsageError, match=rf"contract-tests cleanup {stage.scene.journal}"):
        stage.begin()
    assert stage.scene.journal.read_bytes() == kept
    file = JournalFile(stage.scene.journal)
    file.append({"entry": "done", "account": KEY}, Keyring())
    file.close()
    with pytest.raises(UsageError, match="left something behind"):
        stage.begin()


def test_a_journal_of_which_nothing_is_left_is_begun_anew(stage: Stage) -> None:
    """The next run of every day."""
    stage.add("pm_card_jcb")
    stage.journal.put_back()
    stage.crash()
    stage.begin()
    assert [entry["entry"] for entry in stage.told] == ["journal"]


def test_two_runs_do_not_share_a_journal(stage: Stage) -> None:
    """The second one is told, also before the first has written anything."""
    with pytest.raises(UsageError, match="the run that writes it is still going on"):
        stage.begin()


@pytest.mark.parametrize(
    "content", [b"hello", b"{}\n", b'{"entry": "other"}\n', b"\x00\xff", b"# README\n" * 5]
)
def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """Whoever names the wrong file keeps it."""
    path = tmp_path / "mine"
    path.write_bytes(content)
    for create in (False, True):
        with pytest.raises(UsageError, match=rf"{path}: is no journal of contract-tests"):
            JournalFile(path, create=create)
    assert path.read_bytes() == content


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    """A folder, a pipe, nothing."""
    os.mkfifo(tmp_path / "pipe")
    for path, why in (
        (tmp_path, "is no file"),
        (tmp_path / "pipe", "is no file"),
        (tmp_path / "x", "No such file"),
    ):
        with pytest.raises(UsageError, match=why):
            JournalFile(path)


def test_a_line_that_a_crash_cut_off_is_dropped_wherever_it_was(stage: Stage) -> None:
    """All that stands before it holds, and it can be written on."""
    stage.add("pm_card_jcb")
    stage.crash()
    whole = stage.scene.journal.read_bytes()
    *_, last = whole.splitlines(keepends=True)
    for size in range(len(whole) - len(last), len(whole)):
        stage.scene.journal.write_bytes(whole[:size])
        file = JournalFile(stage.scene.journal)
        assert file.record.claims(KEY) == {"pm_card_jcb"}
        assert stage.scene.journal.read_bytes() == whole[: -len(last)]
        file.close()
    file = JournalFile(stage.scene.journal)
    file.append({"entry": "done", "account": KEY}, Keyring())
    assert stage.told[-1]["entry"] == "done"
    file.close()


def test_a_beginning_that_a_crash_cut_off_is_no_beginning(stage: Stage) -> None:
    """Nothing had been sent by then."""
    stage.crash()
    whole = stage.scene.journal.read_bytes()
    for size in range(len(whole)):
        stage.scene.journal.write_bytes(whole[:size])
        file = JournalFile(stage.scene.journal)
        assert (file.record.unfinished, stage.scene.journal.read_bytes()) == ([], b"")
        file.close()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "is no line of a journal"),
        ("[1]", "is no line of a journal"),
        ('{"entry": "before"}', "is no line of a journal"),
        (
            '{"entry": "answered", "number": 9, "status": 200, "id": "", "time": "2026-01-01"}',
            "is no line of a journal",
        ),
        ('{"entry": "surprise", "time": "2026-01-01"}', "'surprise' is no entry"),
        (
            '{"entry": "journal", "version": 2, "time": "2026-01-01"}',
            "it is of version 2, and this kit knows version 1",
        ),
    ],
)
def test_a_line_in_the_middle_that_cannot_be_read_is_named(
    stage: Stage, line: str, why: str
) -> None:
    """Half of the truth is none: nothing is put back by it, and the file stays as it is."""
    stage.crash()
    with stage.scene.journal.open("a") as file:
        file.write(f"{line}\n{line}\n")
    kept = stage.scene.journal.read_bytes()
    with pytest.raises(UsageError, match=rf"journal:2: cannot be read: {why}"):
        JournalFile(stage.scene.journal)
    assert stage.scene.journal.read_bytes() == kept
