"""One comparison from its settings to its exit code: the sequence sent to both servers, and what comes of it told."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

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
from contract_tests.reports import files
from contract_tests.reports.progress import Display
from contract_tests.settings import Settings


def execute(
    mock: Settings, staging: Settings, mock_key_env: str | None, staging_key_env: str | None
) -> int:
    """Compare, tell, and answer with the exit code. Raises KitError."""
    contract = Contract.load(staging.spec)
    if staging.reports:
        files.make_folder(staging.report_dir)
    schemas = Schemas(contract)
    with _in_words_of_the_first():
        here = Server(mock, contract, schemas, mock_key_env)
    there = Server(staging, contract, schemas, staging_key_env)
    if not _operations(there):
        raise UsageError(
            "--only and --skip leave no operation that may be sent; most of them need --allow-writes or --mock"
        )
    with Display(Console(stderr=True, quiet=staging.quiet)) as display:
        outcome = _Course(contract, schemas, here, there, display).run()
    document = report.document(outcome)
    if staging.reports:
        files.write_file(staging.report_dir / report.FILE, report.text(document))
    with suppress(
        SystemExit
    ):  # which rich raises when nobody reads any more; the verdict is the same
        report.show(document, Console(file=sys.stdout), quiet=staging.quiet)
    return outcome.exit_code


class _Course:
    """The sequence sent to both servers."""

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
        """Ask, and compare what was answered until then, however it ended. Raises KitError before the first step."""
        started = time.monotonic()
        outcome = self._outcome
        with ExitStack() as stack:
            with _in_words_of_the_first():
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
        # After an early end nobody has asked the other accounts.
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
        for side in (self._mock, self._staging):
            outcome.notes += side.run.notes
            outcome.is_left = outcome.is_left or len(side.run.verdicts) > 0
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
        # What the contract leaves open may be the account's doing: before it is told, all kinds of accounts are asked.
        if any(difference.departs == "neither" for difference in self._of_profiles()):
            self._display.driver("accounts", 2, 2)
            for side in (self._mock, self._staging):
                side.survey()
                self._tell()

    def _of_profiles(self) -> list[Difference]:
        return list(
            comparison.differences(self._contract, self._mock.profile, self._staging.profile)
        )

    def _send(self, step: Step) -> None:
        """Staging first: what must not be sent there says nothing if it is sent to the mock."""
        try:
            there = self._staging.send(step)
            pair = Pair(step, self._mock.send(step), there)
        except Withheld as error:
            self._outcome.withheld[str(error)] += 1
            return
        if pair.silence:
            self._outcome.silent[pair.silence] += 1
        else:
            self._outcome.pairs += 1
            self._found += self._statuses.compare(pair)
        self._tell()

    def _tell(self) -> None:
        self._display.exchange(self._mock.requests + self._staging.requests, len(self._found))


def _operations(side: Server) -> list[Operation]:
    return side.run.operations(reads=None if side.run.settings.may_write else True)


@contextmanager
def _in_words_of_the_first() -> Iterator[None]:
    """The first server's key has a flag of its own."""
    try:
        yield
    except UsageError as error:
        raise UsageError(str(error).replace("--api-key-env", "--mock-key-env")) from None
