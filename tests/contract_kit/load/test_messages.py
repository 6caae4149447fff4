"""What processes send each other: bounded, without anything that cannot be encoded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from contract_tests.findings.finding import Finding
from contract_tests.load import messages
from contract_tests.load.messages import Counts, Listening, Outcome, Progress, Row, Seen, Update
from contract_tests.load.tally import Tally
from tests.contract_kit.load.samples import exchange


def finding(where: str = "/response/body/id", **fields: Any) -> Finding:
    shown = exchange()
    made = Finding(
        *("get_balance", "state", where, "unchanged", "assumed", "a", "b", "#/paths"),
        exchange=shown,
        steps=(shown,),
    )
    return replace(made, **fields)


def test_an_update_survives_the_way() -> None:
    """Findings, their exchanges and counts are the same after encoding and decoding."""
    counts = Counts(
        exchanges=3,
        times=[(finding().key, 2)],
        operations={"get_balance": Seen({200: 3}, [("/query/limit", "maximum")])},
        skipped=[("story: one", "why")],
        is_final=True,
    )
    update = Update(counts, [messages.bounded(finding())])
    assert messages.unpacked(messages.packed(update)) == update


@pytest.mark.parametrize(
    "message",
    [None, "text", {}, b"", b"\xc1", b"\x81\xa6counts\x01", b"x" * (messages.MAX_BYTES + 1)],
)
def test_a_malformed_message_is_no_update(message: Any) -> None:
    """Anybody may reach the port of a master: what is no update is dropped and counted."""
    update = messages.unpacked(message)
    assert update is None
    tally = Tally()
    tally.add("worker", update)
    assert tally.counts().broken == ["1 messages of workers could not be read"]


def test_findings_are_bounded() -> None:
    """Bodies and texts are cut, so that no response fills the memory of a master."""
    shown = replace(exchange(), response_body=b"x" * 1_000_000, url="u" * 10_000)
    large = finding(got="g" * 100_000, exchange=shown, steps=(shown,) * 30)
    packed = messages.packed(Update(Counts(), [messages.bounded(large)]))
    assert len(packed) < 200_000


def test_lone_surrogates_are_escaped() -> None:
    """A response may hold what no UTF-8 text can."""
    hostile = finding(got="\ud800", where="/response/body/\udfff")
    update = Update(Counts(), [messages.bounded(hostile)])
    received = messages.unpacked(messages.packed(update))
    assert received is not None
    assert received.findings[0].got == "\\ud800"


@pytest.mark.parametrize(
    "line",
    [
        Listening(5557),
        Progress(1, 2, 3),
        Outcome(Counts(), [], [Row("", 1, 0, 1.0, 1, 2, 3, 4)], [("a", 2, 3)], 1.0, 2, "why"),
    ],
)
def test_lines_survive_the_way(line: messages.Line) -> None:
    """The command reads what a master writes."""
    text = messages.line(line)
    assert text.count(b"\n") == 1
    assert messages.read_line(text) == line


def test_a_line_that_is_none_is_an_error() -> None:
    """What else is on standard output is no line."""
    with pytest.raises(msgspec.DecodeError):
        messages.read_line(b"Traceback\n")


# -------------------------------------------------------------------------------------- the tally


def test_findings_of_all_workers_are_united_by_key() -> None:
    """Each is kept once with its shortest steps, and how often all workers have seen it."""
    tally = Tally()
    long, short = finding(), finding(steps=())
    tally.add("a", Update(Counts(times=[(long.key, 1)]), [long]))
    tally.add("a", Update(Counts(times=[(long.key, 4)])))
    tally.add("b", Update(Counts(times=[(long.key, 3)]), [short]))
    assert tally.united() == [replace(short, times=7)]


def test_the_latest_counts_of_each_worker_are_added_up() -> None:
    """Counts are sums since the beginning, so a lost message loses nothing."""
    tally = Tally()
    tally.add("a", Update(Counts(exchanges=1, operations={"x": Seen({200: 1})})))
    tally.add("a", Update(Counts(exchanges=5, operations={"x": Seen({200: 5})}, is_final=True)))
    tally.add("b", Update(Counts(exchanges=2, operations={"x": Seen({200: 1, 404: 1})})))
    counts = tally.counts()
    assert counts.exchanges == 7
    assert counts.operations["x"].statuses == {200: 6, 404: 1}
    assert (tally.is_final("a"), tally.is_final("b"), counts.is_final) == (True, False, False)


def test_a_master_keeps_so_many_findings() -> None:
    """Further ones are counted."""
    tally = Tally()
    many = [finding(f"/{number}") for number in range(messages.MAX_FINDINGS + 3)]
    tally.add("a", Update(Counts(), many))
    assert (len(tally.united()), tally.counts().left_out) == (messages.MAX_FINDINGS, 3)
