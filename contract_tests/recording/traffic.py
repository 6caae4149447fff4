"""Judges traffic, including that of other clients.

Only the run changes the accounts of a run. In foreign traffic, accounts may also change on hosted
pages or by undeclared requests. The judge then forgets what may have changed, so that no false
contradiction is reported.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from contract_tests.findings.coverage import Coverage
from contract_tests.findings.finding import Finding, Verdicts
from contract_tests.findings.result import Result, Skipped
from contract_tests.http.exchange import ANYBODY, Exchange
from contract_tests.http.redaction import SESSION, UNKNOWN_KEY, Keyring
from contract_tests.judge.judge import Judge
from contract_tests.knowledge import Knowledge
from contract_tests.openapi.contract import Contract
from contract_tests.overlay.teaching import Teaching
from contract_tests.reports.sentences import counted
from contract_tests.settings import Settings

UNDECLARED = "for a path that the contract does not declare"
_CONDITIONS = ("if-none-match", "if-modified-since")
_READS = ("GET", "HEAD", "OPTIONS")
_AT_ONCE = timedelta(seconds=0.25)
"""The longest pause between requests in which no payment is assumed."""
_MAX_ACCOUNTS = 500


class Traffic:
    """Judges exchanges, which must come in the order in which they ended."""

    def __init__(
        self,
        contract: Contract,
        keyring: Keyring,
        knowledge: Knowledge,
        *,
        is_stripped: bool = False,
        on_new: Callable[[Finding], None] | None = None,
        teaching: Teaching | None = None,
    ) -> None:
        self.verdicts = Verdicts(on_new=on_new)
        self.coverage = Coverage(contract)
        self.judged = 0
        self.skipped: Counter[str] = Counter()
        """The numbers of exchanges that were not judged, by reason."""
        self.unknown_bodies = 0
        self.broken: list[str] = []
        """Exchanges that could not be judged because of an error of the kit."""
        self._contract = contract
        self._keyring = keyring
        self._is_stripped = is_stripped
        """Whether all credentials were removed, so that a request without any may have had some."""
        self._judge = Judge(contract, self.verdicts, knowledge)
        self._teaching = teaching
        self._listeners = teaching.listeners() if teaching is not None else []
        self._effects = knowledge.effects
        self._accepted: set[str] = set()
        """Keys that were accepted once. A 401 for another key means that it is invalid."""
        self._pages: set[str] = set()
        """Accounts that were given the URL of a hosted page."""
        self._last: dict[str, datetime] = {}
        """The end of every account's last exchange."""

    def judge(self, exchange: Exchange) -> None:
        """Judge an exchange of a run."""
        self.judged += 1
        self.unknown_bodies += not (exchange.request_body_known and exchange.response_body_known)
        try:
            self.coverage.note(exchange, self._judge(exchange))
            for listener in self._listeners:
                listener(exchange)
        except Exception as error:  # any response may occur; the exchange is reported as broken
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"
            self.broken.append(f"{exchange.method} {exchange.path[:80]}: {where}")

    def judge_foreign(self, exchange: Exchange) -> Exchange | None:
        """Judge another client's exchange. Return what to store of it, without secrets, if any."""
        exchange = self.named(exchange)
        if not self.is_declared(exchange.path):
            return self.skip(exchange, UNDECLARED)
        if exchange.status == 304 and any(exchange.request_header(name) for name in _CONDITIONS):
            return self.skip(exchange, "with status 304, as the client has the response already")
        self._forget_hosted_page_changes(exchange)
        self.judge(exchange)
        self._remember(exchange)
        return exchange

    def is_declared(self, path: str) -> bool:
        """Return whether a path belongs to the contract or to the control API."""
        return self._contract.is_control(path) or bool(self._contract.methods_of(path))

    def skip(self, exchange: Exchange, reason: str) -> Exchange | None:
        """Count an exchange that is not judged. Return what to store of it, if it is a write."""
        self.skipped[reason] += 1
        if exchange.method in _READS:
            return None
        url = exchange.url.partition("?")[0]
        bare = replace(
            exchange,
            url=url,
            request_headers=(),
            response_headers=(),
            request_body=b"",
            response_body=b"",
            request_body_known=False,
            response_body_known=False,
        )
        for name, tracker in self._judge.trackers.items():
            if exchange.account in (ANYBODY, UNKNOWN_KEY, SESSION, name) or name.startswith(
                "organization "
            ):
                tracker.note_change(bare, None)
        return bare

    def forget(self) -> None:
        """Forget the state of all accounts, after exchanges were missed."""
        for tracker in self._judge.trackers.values():
            tracker.forget()

    def named(self, exchange: Exchange) -> Exchange:
        """Return an exchange without secrets, with its account."""
        if exchange.account:
            return exchange  # from a file of ours
        account = self._account(exchange)
        return replace(self._keyring.exchange(exchange), account=account)

    def result(
        self,
        settings: Settings,
        seconds: float,
        findings: Sequence[Finding],
    ) -> Result:
        """Return the result for reports, with known findings marked."""
        skipped = [
            Skipped(counted(count, "exchange"), reason)
            for reason, count in self.skipped.most_common()
            if count
        ]
        if self.unknown_bodies:
            reason = (
                "with a body that was not kept, is too large or has an unknown encoding: "
                "judged without it"
            )
            skipped.append(Skipped(counted(self.unknown_bodies, "exchange"), reason))
        return Result(
            settings,
            self._contract,
            self._teaching.applied(findings) if self._teaching else list(findings),
            self.coverage,
            skipped,
            self.judged,
            seconds,
            notes=self._teaching.notes(findings, set()) if self._teaching else [],
            broken=list(dict.fromkeys(self.broken)),
        )

    def _account(self, exchange: Exchange) -> str:
        name = self._keyring.learn(exchange.request_headers)
        if name in (ANYBODY, SESSION):
            # Without a key the request is unauthenticated, unless something else authorised it.
            return (
                SESSION
                if (name == SESSION or self._is_stripped) and exchange.status != 401
                else ANYBODY
            )
        if exchange.status not in (0, 401):
            self._accepted.add(name)
        return UNKNOWN_KEY if exchange.status == 401 and name not in self._accepted else name

    def _forget_hosted_page_changes(self, exchange: Exchange) -> None:
        last = self._last.get(exchange.account)
        if (
            exchange.account not in self._pages
            or last is None
            or exchange.started - last < _AT_ONCE
        ):
            return
        for name, tracker in self._judge.trackers.items():
            if name == exchange.account or name.startswith("organization "):
                tracker.forget_views(self._effects.changed_by_pages)

    def _remember(self, exchange: Exchange) -> None:
        matched = self._contract.match(exchange.method, exchange.path)
        if (
            matched is not None
            and matched[0].id in self._effects.pages
            and 200 <= exchange.status < 300
        ):
            self._pages.add(exchange.account)
        self._last.pop(exchange.account, None)
        self._last[exchange.account] = exchange.ended
        if len(self._last) > _MAX_ACCOUNTS:
            oldest = next(iter(self._last))
            del self._last[oldest]
            self._judge.trackers.pop(oldest, None)
            self._pages.discard(oldest)
