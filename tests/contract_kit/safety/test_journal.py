"""The journal: written before every change, and a gate that withholds unrecoverable changes."""

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
from tests.contract_kit.scenario import (
    ALERTS,
    CLEAN,
    RECHARGE,
    OpenRun,
    clean,
    opened_run,
    operation_of,
)

UNKNOWN_CARD = "00000000-0000-4000-8000-000000000000"


def record(open_run: OpenRun) -> Record:
    """Crash the run and return the record of its journal."""
    open_run.crash()
    with closing(JournalFile(open_run.scenario.journal)) as file:
        return file.record


@pytest.fixture
def open_run(server: RunningServer, tmp_path: Path) -> Iterator[OpenRun]:
    with opened_run(server.url, tmp_path) as made:
        yield made


# ---------------------------------------------------------------------- contents of the file


def test_the_first_entry_has_the_deployment_and_the_variables(open_run: OpenRun) -> None:
    """The first entry has the URL and the variables; only the owner can read the file."""
    assert open_run.entries[0]["url"] == open_run.scenario.recorder.url
    assert open_run.entries[0]["keys"] == {"api-key": "BILLING_API_KEY", "other-key": "OTHER_KEY"}
    assert open_run.scenario.journal.stat().st_mode & 0o077 == 0


def test_reads_are_not_recorded(open_run: OpenRun) -> None:
    """A run that changes nothing has nothing to restore."""
    open_run.caller.call("get_balance")
    assert len(open_run.entries) == 1


def test_the_state_of_every_account_is_on_the_disk_before_the_first_write(
    open_run: OpenRun,
) -> None:
    """The journal has settings, cards and owner of both accounts before the first write."""
    snapshots: list[list[dict[str, Any]]] = []
    open_run.on_request = lambda received: (
        snapshots.append(open_run.entries) if received.method == "PUT" else None
    )
    open_run.caller.call("update_usage_alerts", {})
    before = {
        (entry["account"], entry["part"]): entry["state"]
        for entry in snapshots[0]
        if entry["entry"] == "before"
    }
    assert before[KEY, "get_auto_recharge"] == before[OTHER_KEY, "get_auto_recharge"] == RECHARGE
    assert before[KEY, "get_usage_alerts"] == before[OTHER_KEY, "get_usage_alerts"] == ALERTS
    for account, customer in (
        (KEY, open_run.scenario.customer),
        (OTHER_KEY, open_run.scenario.other),
    ):
        cards = [
            {name: card[name] for name in ("id", "stripe_payment_method_id")}
            for card in customer.cards
        ]
        assert before[account, "list_payment_methods"] == {
            "cards": cards,
            "default": cards[1]["id"],
        }
    owners = {entry["account"]: entry["id"] for entry in snapshots[0] if entry["entry"] == "owner"}
    assert owners[KEY] == open_run.scenario.customer.ask("GET", f"{API}/auto-recharge")["user_id"]
    assert owners[KEY] != owners[OTHER_KEY]
    assert snapshots[0][-1] | {"time": ""} == {
        "entry": "changes",
        "account": KEY,
        "operation": "update_usage_alerts",
        "time": "",
    }


def test_an_added_card_is_recorded_before_the_request_and_after_the_response(
    open_run: OpenRun,
) -> None:
    """The Stripe id is recorded before the request, the id after the response."""
    entries: list[dict[str, Any]] = []
    open_run.on_request = lambda received: (
        entries.append(open_run.entries[-1]) if received.method == "POST" else None
    )
    id = open_run.add("pm_card_jcb")
    assert (entries[0]["entry"], entries[0]["names"]) == ("sends", ["pm_card_jcb"])
    assert (open_run.entries[-1]["entry"], open_run.entries[-1]["id"]) == ("response", id)
    assert open_run.entries[-1]["number"] == entries[0]["number"]


def test_repeated_changes_are_recorded_once(open_run: OpenRun) -> None:
    """A second change of the same settings adds no entry."""
    for _ in range(3):
        open_run.caller.call("update_usage_alerts", {})
    assert len(open_run.entries_of("changes")) == 1


def test_every_irreversible_request_is_recorded(open_run: OpenRun) -> None:
    """The entry has the status, because a rejected request has no effect."""
    open_run.caller.call("create_deposit", {"amount_cents": 5_000})
    open_run.caller.call("create_deposit", {"amount_cents": 1})
    open_run.caller.raw(Request("POST", f"{API}/balance"))
    assert [entry["operation"] for entry in open_run.entries_of("sends")] == [
        "create_deposit",
        "create_deposit",
        f"POST {API}/balance",
    ]
    assert [entry["status"] for entry in open_run.entries_of("response")] == [200, 422, 405]
    session = open_run.entries_of("response")[0]["id"]
    assert list(record(open_run).irreversible()) == [f"create_deposit, once: {session}"]


def test_concurrent_writes_wait_for_one_read_of_the_state(open_run: OpenRun) -> None:
    """The state is read once, and no write is sent before."""
    names = [f"pm_card_{name}" for name in ("jcb", "diners", "unionpay", "mastercard")]
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(open_run.add, names))
    kinds = [entry["entry"] for entry in open_run.entries]
    assert kinds.count("before") == 6
    assert kinds.index("sends") > max(index for index, kind in enumerate(kinds) if kind == "before")
    assert {entry["id"] for entry in open_run.entries_of("response")} == set(ids)


# ----------------------------------------------------------------------- withheld requests


def test_settings_that_cannot_be_read_are_not_changed(open_run: OpenRun) -> None:
    """Unreadable settings block their own writes only; they are read at most three times.

    Each reading is repeated once, as 503 may come from a gateway.
    """
    requests: list[str] = []
    open_run.on_request = lambda received: requests.append(
        f"{operation_of(received)} {received.header('x-api-key')}"
    )
    open_run.change_response = lambda received, response: (
        as_json(503, {"detail": "later"})
        if operation_of(received) == "get_usage_alerts"
        else response
    )
    for _ in range(5):
        with pytest.raises(Withheld, match=r"GET /api/v1/billing/usage-alerts responds with 503"):
            open_run.caller.call("update_usage_alerts", {})
    assert requests.count(f"get_usage_alerts {open_run.scenario.customer.key}") == 2 * 3
    assert not any(request.startswith("update") for request in requests)
    assert open_run.caller.call("disable_auto_recharge").status == 200
    assert any("503" in why for why in open_run.run.guard.withheld)


def test_settings_that_become_readable_may_be_changed(open_run: OpenRun) -> None:
    """A temporary failure to read settings only delays their changes."""
    responses = iter([as_json(503, {}), as_json(503, {})])
    open_run.change_response = lambda received, response: (
        next(responses, response) if operation_of(received) == "get_usage_alerts" else response
    )
    with pytest.raises(Withheld):
        open_run.caller.call("update_usage_alerts", {})
    assert open_run.caller.call("update_usage_alerts", {}).status == 200


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
def test_a_state_that_could_not_be_restored_is_not_changed(
    open_run: OpenRun, read: str, write: str, change: dict[str, Any], why: str
) -> None:
    """A missing field, an invalid value, a secret or a missing list blocks the change."""

    def changed_body(body: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in {**body, **change}.items() if value is not ...}

    open_run.change_body(read, changed_body)
    operation = CONTRACT.operations[write]
    path = (
        {"payment_method_id": open_run.scenario.customer.cards[0]["id"]}
        if operation.path_names
        else {}
    )
    args = (
        ({"payment_method_id": "pm_card_jcb"} if write == "add_payment_method" else {},)
        if operation.body
        else ()
    )
    if why:
        with pytest.raises(Withheld, match=why):
            open_run.caller.call(write, *args, path=path)
        assert write not in map(operation_of, open_run.scenario.received)
    else:
        assert open_run.caller.call(write, *args, path=path).status == 200
    assert "sk_live" not in open_run.scenario.journal.read_text()


def test_an_unauthenticated_write_needs_the_state_of_all_accounts(open_run: OpenRun) -> None:
    """A faulty deployment may apply an unauthenticated write to any account."""
    open_run.change_response = lambda received, response: (
        as_json(503, {})
        if received.header("x-api-key") == open_run.scenario.other.key
        else response
    )
    with pytest.raises(Withheld):
        Client(open_run.run.channel, None).call("update_usage_alerts", {})
    assert open_run.caller.call("update_usage_alerts", {}).status == 200


def test_cards_of_the_customers_are_not_removed(open_run: OpenRun) -> None:
    """No id, spelling, account, path or permission allows the removal of such a card."""
    names = open_run.scenario.customer.names
    for name in names:
        for spelling in (name, name.upper(), f" {name}"):
            for key in (KEY, OTHER_KEY):
                with pytest.raises(Withheld, match="not its to remove"):
                    open_run.remove(spelling, key)
        encoded = "".join(f"%{ord(char):02x}" for char in name)
        for path in (
            f"/payment-methods/{encoded}",
            f"/payment-methods/{name}/default",
            f"/payment-methods/{name}/",
        ):
            with pytest.raises(Withheld, match="not its to remove"):
                open_run.caller.raw(Request("DELETE", API + path))
    assert not any(request.method == "DELETE" for request in open_run.scenario.received)
    assert open_run.scenario.customer.names == names


def test_cards_of_the_run_and_unknown_cards_may_be_removed(open_run: OpenRun) -> None:
    """Own cards are removed by either id; the deployment rejects unknown ids."""
    open_run.add("pm_card_jcb")
    assert open_run.remove(open_run.add("pm_card_diners")) == 200
    assert open_run.remove("pm_card_jcb") == 200
    assert open_run.remove(UNKNOWN_CARD) == 404
    assert open_run.remove(quote("no/such card")) == 404


def test_a_card_added_by_another_client_is_not_removed(open_run: OpenRun) -> None:
    """A card of another client is protected once the run has read it in a list."""
    own = open_run.add("pm_card_diners")
    id = open_run.scenario.customer.add_card("pm_card_jcb")
    open_run.caller.call("list_payment_methods")
    for name in (id, "pm_card_jcb"):
        with pytest.raises(Withheld, match="not its to remove"):
            open_run.remove(name)
    assert open_run.remove(own) == 200


def test_a_request_that_cannot_be_recorded_is_not_sent(
    open_run: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a full disk, no further write is sent, and the restoration still works."""
    id = open_run.add("pm_card_jcb")
    write = os.write

    def fail(descriptor: int, data: bytes) -> int:
        write(descriptor, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fail)
        with pytest.raises(
            Withheld, match=r"journal cannot be written any more \(No space left on device\)"
        ):
            open_run.add("pm_card_diners")
    with pytest.raises(Withheld, match="No space left on device"):
        open_run.caller.call("create_deposit", {"amount_cents": 5_000})
    assert open_run.caller.call("get_balance").status == 200
    assert [request.method for request in open_run.scenario.received].count("POST") == 1
    assert open_run.journal.put_back().left == []
    assert open_run.scenario.state == open_run.before
    assert record(open_run).created == {id}
    assert clean(open_run.scenario).verdict == CLEAN


def test_a_run_without_a_journal_sends_no_writes(open_run: OpenRun) -> None:
    """A run that has not begun its journal changes nothing."""
    run = Run(open_run.scenario.settings(allow_writes=True), CONTRACT, KNOWLEDGE)
    with pytest.raises(Withheld, match="no journal"):
        Client(run.channel, KEY).call("update_usage_alerts", {})
    assert not any(request.method == "PUT" for request in open_run.scenario.received)


# --------------------------------------------------------------------------------- the file


def test_a_journal_with_something_to_restore_is_not_overwritten(open_run: OpenRun) -> None:
    """The error names the cleanup command; a partly restored journal is kept too."""
    open_run.add("pm_card_jcb")
    open_run.crash()
    kept = open_run.scenario.journal.read_bytes()
    with pytest.raises(UsageError, match=rf"contract-tests cleanup {open_run.scenario.journal}"):
        open_run.begin()
    assert open_run.scenario.journal.read_bytes() == kept
    file = JournalFile(open_run.scenario.journal)
    file.append({"entry": "done", "account": KEY}, Keyring())
    file.close()
    with pytest.raises(UsageError, match="left something behind"):
        open_run.begin()


def test_a_completed_journal_is_overwritten(open_run: OpenRun) -> None:
    """The next run starts a new journal after a complete restoration."""
    open_run.add("pm_card_jcb")
    open_run.journal.put_back()
    open_run.crash()
    open_run.begin()
    assert [entry["entry"] for entry in open_run.entries] == ["journal"]


def test_two_runs_do_not_share_a_journal(open_run: OpenRun) -> None:
    """The second run is rejected, even before the first write of the first run."""
    with pytest.raises(UsageError, match="the run that writes it is still going on"):
        open_run.begin()


@pytest.mark.parametrize(
    "content", [b"hello", b"{}\n", b'{"entry": "other"}\n', b"\x00\xff", b"# README\n" * 5]
)
def test_a_file_that_is_no_journal_is_not_changed(tmp_path: Path, content: bytes) -> None:
    """A file of another kind is rejected and not changed."""
    path = tmp_path / "mine"
    path.write_bytes(content)
    for create in (False, True):
        with pytest.raises(UsageError, match=rf"{path}: is no journal of contract-tests"):
            JournalFile(path, create=create)
    assert path.read_bytes() == content


def test_folders_pipes_and_missing_files_are_rejected(tmp_path: Path) -> None:
    """Only a regular file can be a journal."""
    os.mkfifo(tmp_path / "pipe")
    for path, why in (
        (tmp_path, "is no file"),
        (tmp_path / "pipe", "is no file"),
        (tmp_path / "x", "No such file"),
    ):
        with pytest.raises(UsageError, match=why):
            JournalFile(path)


def test_a_truncated_last_line_is_dropped(open_run: OpenRun) -> None:
    """All earlier lines are valid, and new entries can be appended."""
    open_run.add("pm_card_jcb")
    open_run.crash()
    whole = open_run.scenario.journal.read_bytes()
    *_, last = whole.splitlines(keepends=True)
    for size in range(len(whole) - len(last), len(whole)):
        open_run.scenario.journal.write_bytes(whole[:size])
        file = JournalFile(open_run.scenario.journal)
        assert file.record.claims(KEY) == {"pm_card_jcb"}
        assert open_run.scenario.journal.read_bytes() == whole[: -len(last)]
        file.close()
    file = JournalFile(open_run.scenario.journal)
    file.append({"entry": "done", "account": KEY}, Keyring())
    assert open_run.entries[-1]["entry"] == "done"
    file.close()


def test_a_truncated_first_line_is_dropped(open_run: OpenRun) -> None:
    """Nothing was sent before the first line was complete."""
    open_run.crash()
    whole = open_run.scenario.journal.read_bytes()
    for size in range(len(whole)):
        open_run.scenario.journal.write_bytes(whole[:size])
        file = JournalFile(open_run.scenario.journal)
        assert (file.record.unfinished, open_run.scenario.journal.read_bytes()) == ([], b"")
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
def test_an_invalid_line_in_the_middle_is_rejected(open_run: OpenRun, line: str, why: str) -> None:
    """A damaged journal is not used for a restoration, and the file is not changed."""
    open_run.crash()
    with open_run.scenario.journal.open("a") as file:
        file.write(f"{line}\n{line}\n")
    kept = open_run.scenario.journal.read_bytes()
    with pytest.raises(UsageError, match=rf"journal:2: cannot be read: {why}"):
        JournalFile(open_run.scenario.journal)
    assert open_run.scenario.journal.read_bytes() == kept
