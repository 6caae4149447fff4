"""The users of one process, in threads of the test and without Locust."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from contract_tests.http.channel import Stopped, Withheld
from contract_tests.http.exchange import Exchange
from contract_tests.load import worker as workers
from contract_tests.load.judging import JudgeQueue
from contract_tests.load.plan import Plan, Seat
from contract_tests.load.worker import User, Worker
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit import faulty
from tests.contract_kit.faulty import Upstream
from tests.contract_kit.load.samples import exchange


@pytest.fixture(scope="module")
def server() -> Iterator[Upstream]:
    with faulty.mock() as running:
        yield running


def make(server: Upstream, plan: Plan | None = None, **settings: Any) -> Worker:
    seen = Settings(server.url, packaged_spec(), **settings)
    return Worker(seen, plan or Plan(users=2), Seat("local"), lambda _, __: None)


def play(worker: Worker, users: int, steps: int) -> None:
    """Let users play one after another, then finish."""
    worker.begin(0)
    playing = [User(worker, number) for number in range(users)]
    for _ in range(steps):
        for user in playing:
            user.play()
    worker.stop()
    worker.finish()


def test_each_user_of_the_mock_has_a_fresh_account(server: Upstream) -> None:
    """Two users share nothing, and the books of both accounts are read."""
    worker = make(server, mock=True)
    play(worker, users=2, steps=6)
    update = list(worker.updates(is_final=True))[-1]
    assert list(worker.verdicts) == []
    assert {"sk-test load-1", "sk-test load-2"} <= worker.run.judge.trackers.keys()
    assert update.counts.books >= 2
    assert update.counts.judged == update.counts.exchanges > 20
    assert update.counts.is_final


def test_workers_have_different_accounts(server: Upstream) -> None:
    """The number of a worker is part of the names of its accounts."""
    names = []
    for number in (0, 1):
        worker = make(server, mock=True)
        worker.begin(number)
        names.append(worker.account().alias)
    assert names == ["sk-test load-1", f"sk-test load-{workers.MOCK_ACCOUNTS + 1}"]


def test_users_beyond_the_accounts_of_the_mock_share_them(
    server: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mock keeps a number of accounts, and forgets those that nobody used for long."""
    monkeypatch.setattr(workers, "MOCK_ACCOUNTS", 2)
    worker = make(server, mock=True)
    worker.begin(0)
    assert len({id(worker.account()) for _ in range(5)}) == 2


def test_only_reads_are_played_without_permission(server: Upstream) -> None:
    """No other step is planned, and the guard would withhold it."""
    environment = {"BILLING_API_KEY": "sk_test_reads_of_load"}
    worker = make(server, Plan(keys=("BILLING_API_KEY",)), environment=environment)
    assert [step.name for step in worker.steps if step.is_write] == []
    worker.begin(0)
    user = worker.client(worker.account())
    with pytest.raises(Withheld):
        user.call("disable_auto_recharge")


def test_reversible_writes_are_played_with_permission(server: Upstream) -> None:
    """What cannot be undone needs a permission of its own."""
    environment = {"BILLING_API_KEY": "sk_test_writes_of_load"}
    plan = Plan(keys=("BILLING_API_KEY",))
    names: list[set[str]] = []
    for more in ({"allow_writes": True}, {"allow_irreversible": True}):
        worker = make(server, plan, environment=environment, **more)
        names.append({step.name for step in worker.steps})
    assert "change usage alerts" in names[0]
    assert "create_deposit" not in names[0]
    assert {"create_deposit", "story: wrong_codes_lock_a_challenge"} <= names[1]


@pytest.mark.parametrize(
    ("method", "path", "is_own"),
    [
        ("POST", "reset", True),
        ("POST", "usage", True),
        ("GET", "outbox", True),
        ("POST", "clock/advance", False),
        ("PUT", "clock", False),
        ("PUT", "state", False),
        ("POST", "faults", False),
        ("POST", "snapshots", False),
    ],
)
def test_no_user_changes_the_accounts_of_others(
    server: Upstream, method: str, path: str, is_own: bool
) -> None:
    """Calls of the control API that concern everybody are withheld."""
    worker = make(server, mock=True)
    worker.begin(0)
    user = worker.client(worker.account())
    body = {"type": "light", "requests": 1} if path == "usage" else None
    if is_own:
        assert user.control(method, path, body).status == 200
        return
    with pytest.raises(Withheld, match="accounts of all users"):
        user.control(method, path, body)


@pytest.mark.slow
def test_a_story_that_may_not_be_played_is_noted_once(server: Upstream) -> None:
    """It is not tried again, and the report says why."""
    worker = make(server, mock=True, only=("get_balance",))
    worker.begin(0)
    user = User(worker, 0)
    assert any(step.is_story for step in worker.steps)
    worker.steps = [step for step in worker.steps if step.is_story]
    worker.steps += [step for step in make(server, mock=True).steps if step.name == "all views"]
    for _ in range(40):
        user.play()
    assert set(worker.unplayable.values()) > {"it needs a second account"}
    worker.queue.drain()
    assert list(worker.verdicts) == []


def test_a_sample_of_the_accounts_is_judged(server: Upstream) -> None:
    """Users of the other accounts make load only."""
    worker = make(server, Plan(users=8, judge_share=0.5), mock=True)
    play(worker, users=8, steps=1)
    counts = list(worker.updates())[-1].counts
    assert 0 < counts.judged < counts.exchanges
    assert 0 < counts.books < 8


def test_nothing_is_sent_after_the_end(server: Upstream) -> None:
    """A user ends with the step that it wants to take next."""
    worker = make(server, mock=True)
    worker.begin(0)
    user = User(worker, 0)
    worker.stop()
    server.requests.clear()
    with pytest.raises(Stopped):
        user.play()
    assert server.requests == []


def test_findings_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process keeps so many findings, and counts the others."""
    monkeypatch.setattr(workers, "MAX_FINDINGS", 2)
    with faulty.mock("header_missing") as running:
        worker = make(running, mock=True)
        play(worker, users=1, steps=3)
    counts = list(worker.updates())[-1].counts
    assert len(worker.verdicts) == 2
    assert counts.left_out > 0


def test_books_that_are_not_in_order_are_found() -> None:
    """Users that read one view at a time may see nothing; the books at the end show it."""
    with faulty.mock("money_appears") as running:
        worker = make(running, mock=True)
        worker.steps = [step for step in worker.steps if step.name == "read get_subscription"]
        play(worker, users=1, steps=1)
    found = {(finding.kind, finding.keyword): finding.source for finding in worker.verdicts}
    assert found[("money", "ledger")] == "books"


# ---------------------------------------------------------------------------------------- the queue


def test_exchanges_are_judged_in_their_order() -> None:
    """What is to be forgotten is forgotten between them, and an error ends nothing."""
    done: list[str] = []
    errors: list[Exception] = []

    def judge(exchange: Exchange) -> None:
        done.append(exchange.account)
        if exchange.account == "b":
            raise ValueError("no such thing")

    queue = JudgeQueue(judge, lambda account: done.append(f"forget {account}"), errors.append)
    for account in ("a", "b"):
        queue.put(exchange(account=account))
    queue.forget("a")
    queue.put(exchange(account="c"))
    queue.drain()
    assert done == ["a", "b", "forget a", "c"]
    assert [str(error) for error in errors] == ["no such thing"]
    assert queue.judged == 2
    assert queue.seconds > 0


def test_a_full_queue_holds_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load never outruns the judge, and the waiting is measured."""
    monkeypatch.setattr("contract_tests.load.judging.MAX_QUEUED", 1)
    may_go = threading.Event()
    queue = JudgeQueue(lambda _: may_go.wait(5), lambda _: None, lambda _: None)
    threading.Timer(0.1, may_go.set).start()
    for _ in range(4):
        queue.put(exchange())
    queue.drain()
    assert queue.held > 0.05
