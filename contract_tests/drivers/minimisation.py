"""Shortens the steps of findings, by sending them again: delta debugging.

A finding that knows its account has up to thirty changes before it, of which three may matter. On
the mock, each try begins with a fresh account. On another deployment, steps are repeated only if
the run may do anything, or if all of them can be undone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from contract_tests.context import Run
from contract_tests.drivers.read_account import read_account
from contract_tests.errors import KitError
from contract_tests.findings.finding import Finding, Verdicts
from contract_tests.http.captures import captures, substituted, value_at
from contract_tests.http.channel import Withheld
from contract_tests.http.client import Client
from contract_tests.http.curl import OF_THE_CLIENT
from contract_tests.http.exchange import ANYBODY, Exchange, Request
from contract_tests.http.redaction import UNKNOWN_KEY
from contract_tests.judge.judge import Judge
from contract_tests.reports.sentences import counted

MAX_REPLAYS = 60
"""How often the steps of one finding are sent again."""
MAX_SECONDS = 20.0
"""The time for the findings of one run."""
MAX_FINDINGS = 20
"""The most findings whose steps are shortened, those with the most steps first."""

_LOST = ("[secret]", "[card number]", "[misspelt key]", "[credential]")
"""What stands for secrets that nobody kept."""
_READINGS = ("nothing", "the same", "everything at both ends", "everything")
"""What is read beside the steps, from the cheapest: some rules compare readings of several views,
or around a step."""
_JUDGE = "kit"
"""The witness of findings that the judge repeats when it sees the exchanges again."""


class _Spent(Exception):
    """The replays or the time are used up."""


def candidates(run: Run) -> list[tuple[Finding, Exchange]]:
    """Return the findings whose steps may be repeated, with their exchanges, the longest first."""
    if run.ended_early or run.channel.stop_reason or not run.settings.may_write:
        return []
    found = [
        (finding, finding.exchange)
        for finding in run.verdicts
        if finding.exchange is not None and _may_be_repeated(finding, finding.exchange, run)
    ]
    found.sort(key=lambda pair: -len(pair[0].steps))
    return found[:MAX_FINDINGS]


def shorten(run: Run) -> None:
    """Shorten the steps of the run's findings, as far as the run may repeat them."""
    ends_at = time.monotonic() + MAX_SECONDS
    shorter = replays = 0
    for finding, exchange in candidates(run):
        sequence = _Sequence(run, finding, exchange, ends_at)
        with _quietly(run, sequence, ends_at), suppress(KitError, _Spent):
            sequence.minimise()
        replays += sequence.replays
        if len(sequence.shortest) < len(finding.steps):
            shorter += 1
            run.verdicts.shorten(finding.key, sequence.shortest)
        if time.monotonic() > ends_at:
            break
    if shorter:
        run.notes.append(
            f"steps of {counted(shorter, 'finding')} shortened by {counted(replays, 'replay')}"
        )


def shortest(
    items: Sequence[Exchange], shows: Callable[[Sequence[Exchange]], bool]
) -> Iterator[list[Exchange]]:
    """Yield ever shorter subsequences that show something, by delta debugging (ddmin).

    The whole sequence must show it. The last result is 1-minimal: no item can be left out.
    """
    kept = list(items)
    if not kept:
        return
    if shows([]):
        yield []
        return
    parts = 2
    while len(kept) > 1:
        size = -(-len(kept) // parts)
        for start in range(len(kept) - size, -size, -size):
            rest = [*kept[: max(0, start)], *kept[start + size :]]
            if rest and shows(rest):
                kept, parts = rest, max(parts - 1, 2)
                yield list(kept)
                break
        else:
            if size == 1:
                return
            parts = min(2 * parts, len(kept))


class _Sequence:
    """The steps of one finding, and how they are repeated."""

    def __init__(self, run: Run, finding: Finding, shown: Exchange, ends_at: float) -> None:
        self.shortest = finding.steps
        """The fewest steps that were seen to lead to the finding."""
        self.replays = 0
        self._run = run
        self._key = finding.key
        self._shown = shown
        self._ends_at = ends_at
        self._verdicts = Verdicts()
        self._judge: Judge | None = None
        self._reading = "nothing"

    def __call__(self, exchange: Exchange) -> None:
        """Judge an exchange of a replay."""
        if self._judge is not None:
            self._judge(exchange)

    def minimise(self) -> None:
        """Find the fewest steps. Raise KitError or _Spent at the end of a limit."""
        for self._reading in _READINGS:
            if self._shows(self.shortest):
                break
        else:
            return
        for steps in shortest(self.shortest, self._shows):
            self.shortest = tuple(steps)

    def _shows(self, steps: Sequence[Exchange]) -> bool:
        """Return whether the steps lead to the finding."""
        if self.replays >= MAX_REPLAYS or time.monotonic() > self._ends_at:
            raise _Spent
        self.replays += 1
        self._verdicts = Verdicts()
        self._judge = Judge(self._run.contract, self._verdicts, self._run.knowledge)
        try:
            self._replay([*steps, self._shown])
        except Withheld:
            return False
        return self._key in self._verdicts

    def _replay(self, exchanges: Sequence[Exchange]) -> None:
        """Send requests again, with the values of the new responses in them."""
        run, values = self._run, dict[str, str]()
        for account in dict.fromkeys(exchange.account for exchange in exchanges):
            client = self._client(account)
            if run.settings.mock and client.key is not None:
                client.control("POST", "reset")
            self._read(client, "everything at both ends", "everything")
        taken = captures(exchanges)
        for index, exchange in enumerate(exchanges):
            client = self._client(exchange.account)
            if self._reading == "the same" and self._shown.method == "GET":
                self._client(self._shown.account).raw(_request(self._shown, values, run))
            response = client.raw(_request(exchange, values, run))
            if response.status == 0:
                return
            for capture in taken:
                new = value_at(response.json, capture.pointer) if capture.step == index else None
                if new is not None:
                    values[capture.value] = new
            self._read(client, "everything")
        self._read(self._client(self._shown.account), "everything at both ends")

    def _read(self, client: Client, *readings: str) -> None:
        if self._reading in readings:
            read_account(self._run, client)

    def _client(self, account: str) -> Client:
        return Client(self._run.channel, None if account == ANYBODY else account)


def _request(exchange: Exchange, values: dict[str, str], run: Run) -> Request:
    """Return the request of an exchange, with keys instead of their names."""
    credential = run.keyring.credential
    own = {*OF_THE_CLIENT, credential.header.lower() if credential is not None else ""}
    url = substituted(exchange.url.removeprefix(run.channel.base_url), values)
    body = substituted(exchange.request_body.decode("utf-8", "surrogateescape"), values)
    return Request(
        exchange.method,
        run.keyring.revealed(url),
        headers={
            name: run.keyring.revealed(value)
            for name, value in exchange.request_headers
            if name.lower() not in own
        },
        body=run.keyring.revealed(body).encode("utf-8", "surrogateescape") or None,
    )


def _may_be_repeated(finding: Finding, exchange: Exchange, run: Run) -> bool:
    """Return whether the steps of a finding can be sent again, and may be."""
    if not finding.steps or _JUDGE not in finding.witnesses:
        return False
    return all(
        step.url.startswith(run.channel.base_url)
        and step.account != UNKNOWN_KEY
        and _is_known(step)
        and (run.settings.may_do_anything or _is_reversible(step, run))
        for step in (*finding.steps, exchange)
    )


def _is_known(exchange: Exchange) -> bool:
    """Return whether the request holds no secret but keys, which have names."""
    text = f"{exchange.url} {exchange.request_body.decode('latin-1')}"
    return exchange.request_body_known and not any(name in text for name in _LOST)


def _is_reversible(exchange: Exchange, run: Run) -> bool:
    matched = run.contract.match(exchange.method, exchange.path)
    if matched is None:
        return False
    operation, safety = matched[0], run.knowledge.safety
    return operation.is_read or (
        operation.id in safety.reversible
        and safety.reason_against(operation, exchange.request_body) is None
    )


@contextmanager
def _quietly(run: Run, listener: Callable[[Exchange], None], ends_at: float) -> Iterator[None]:
    """Let only one listener see the exchanges of the block, which ends at a moment."""
    channel = run.channel
    listeners, source, limits = channel.listeners, channel.source, channel.limits
    channel.listeners, channel.source = [listener], "minimisation"
    channel.limits = replace(limits, deadline=min(ends_at, limits.deadline or ends_at))
    try:
        yield
    finally:
        channel.listeners, channel.source, channel.limits = listeners, source, limits
