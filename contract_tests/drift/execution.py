"""Runs a comparison, from its settings to its report and exit code."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console

from contract_tests.drift import comparison, report
from contract_tests.drift.difference import Difference, placed
from contract_tests.drift.outcome import Outcome
from contract_tests.drift.sequence import Step, sequence
from contract_tests.drift.server import Server
from contract_tests.drift.statuses import Pair, Statuses
from contract_tests.errors import KitError, Unreachable, UsageError
from contract_tests.http.channel import Withheld
from contract_tests.openapi.contract import Contract, Operation
from contract_tests.openapi.schemas import Schemas
from contract_tests.overlay.teaching import Teaching
from contract_tests.reports import files
from contract_tests.reports.output import show, write_report
from contract_tests.reports.progress import Display
from contract_tests.settings import Settings


def execute(
    mock: Settings, staging: Settings, mock_key_env: str | None, staging_key_env: str | None
) -> int:
    """Compare, report, and return the exit code. Raises KitError."""
    contract = Contract.load(staging.spec)
    teaching = Teaching(staging, contract)
    if staging.reports:
        files.make_folder(staging.report_dir)
    schemas = Schemas(contract)
    with _naming_the_mock_flag():
        here = Server(mock, contract, schemas, mock_key_env)
    there = Server(staging, contract, schemas, staging_key_env)
    there.run.channel.listeners += teaching.listeners()
    if not _operations(there):
        raise UsageError(
            "--only and --skip leave no operation that may be sent; "
            "most operations need --allow-writes or --mock"
        )
    with Display(Console(stderr=True, quiet=staging.quiet)) as display:
        outcome = _Comparison(contract, schemas, here, there, display).run()
    if not outcome.unreachable and not outcome.interrupted:
        outcome.notes += teaching.learn([])
    document = report.document(outcome)
    show(report.show, document, quiet=staging.quiet)
    if staging.reports:
        write_report(staging.report_dir / report.FILE, report.text(document))
    return outcome.exit_code


class _Comparison:
    """Sends the sequence to both servers, and collects differences."""

    def __init__(
        self, contract: Contract, schemas: Schemas, mock: Server, staging: Server, display: Display
    ) -> None:
        self._contract = contract
        self._schemas = schemas
        self._mock = mock
        self._staging = staging
        self._display = display
        self._statuses = Statuses(contract, schemas)
        self._found: list[Difference] = []
        self._outcome = Outcome(contract, mock.run.settings, staging.run.settings)

    def run(self) -> Outcome:
        """Send all steps, and return the outcome, also of an early end. Raises KitError before."""
        started = time.monotonic()
        outcome = self._outcome
        with ExitStack() as stack:
            with _naming_the_mock_flag():
                stack.enter_context(self._mock.prepared())
            stack.enter_context(self._staging.prepared())
            try:
                self._send_all()
            except KeyboardInterrupt:
                outcome.interrupted, outcome.ended_early = True, "interrupted"
            except UsageError:
                raise
            except KitError as error:
                outcome.ended_early, outcome.unreachable = (
                    str(error),
                    isinstance(error, Unreachable),
                )
        here, there = self._mock.profile, self._staging.profile
        # After an early end the other accounts were not read, so their variation is unknown.
        self._found += [
            difference
            for difference in self._of_profiles()
            if difference.departs != "neither" or not outcome.ended_early
        ]
        seen = {**comparison.seen_uses(here, there), **self._statuses.seen}
        outcome.differences = placed(self._contract, self._found, seen)
        outcome.unseen = {
            "mock": comparison.unseen(here, there),
            "staging": comparison.unseen(there, here),
        }
        for server in (self._mock, self._staging):
            outcome.notes += server.run.notes
            outcome.is_left = outcome.is_left or len(server.run.verdicts) > 0
        outcome.requests = self._mock.requests, self._staging.requests
        outcome.seconds = time.monotonic() - started
        return outcome

    def _send_all(self) -> None:
        self._display.driver("sequence", 1, 2)
        for step in sequence(
            self._contract,
            self._schemas,
            _operations(self._staging),
            self._staging.run.settings.seed,
        ):
            self._send(step)
        # Variation within the contract may depend on the account: read all kinds of accounts.
        if any(difference.departs == "neither" for difference in self._of_profiles()):
            self._display.driver("accounts", 2, 2)
            for server in (self._mock, self._staging):
                server.survey()
                self._show_progress()

    def _of_profiles(self) -> list[Difference]:
        return list(
            comparison.differences(self._contract, self._mock.profile, self._staging.profile)
        )

    def _send(self, step: Step) -> None:
        """Send a step to staging, and to the mock unless staging must not get it."""
        try:
            there = self._staging.send(step)
            pair = Pair(step, self._mock.send(step), there)
        except Withheld as error:
            self._outcome.withheld[str(error)] += 1
            return
        if pair.obstacle:
            self._outcome.incomparable[pair.obstacle] += 1
        else:
            self._outcome.pairs += 1
            self._found += self._statuses.compare(pair)
        self._show_progress()

    def _show_progress(self) -> None:
        self._display.exchange(self._mock.requests + self._staging.requests, len(self._found))


def _operations(server: Server) -> list[Operation]:
    return server.run.operations(reads=None if server.run.settings.may_write else True)


@contextmanager
def _naming_the_mock_flag() -> Iterator[None]:
    """Name the flag of the first server's key in errors."""
    try:
        yield
    except UsageError as error:
        raise UsageError(str(error).replace("--api-key-env", "--mock-key-env")) from None
