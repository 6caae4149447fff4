"""``contract-tests cleanup JOURNAL``: puts back what a run that was killed, or could not do it, has left behind."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract_tests import flags
from contract_tests.cli import COMMANDS
from contract_tests.errors import Unreachable, UsageError
from contract_tests.journal_file import JournalFile, Record
from contract_tests.redaction import Keyring
from contract_tests.settings import Settings, key_from, packaged_spec
from contract_tests.text import printable

if TYPE_CHECKING:
    from contract_tests.restoration import Restoration

_DESCRIPTION = """\
Puts the accounts of a deployment back as they were before a run with --allow-writes that was killed: removes the cards
that the run has added, and restores settings and the default card. What is as it was is left alone, so it can be run
again at any time. A run that ends, in whatever way but a crash, has done it already."""

_ANY_URL = "http://nowhere.invalid"
_EPILOG = """\
example:
  contract-tests cleanup contract-tests.journal

exit codes:
  0    all is as it was before the run
  1    something could not be put back; it is told, and kept in the journal
  2    the journal, a flag or a variable cannot be used
  3    the deployment cannot be reached, or refuses the key
  130  interrupted; run it again"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "cleanup",
        help=COMMANDS["cleanup"][1],
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="contract-tests cleanup JOURNAL [--flag value ...]",
    )
    parser.add_argument("journal", metavar="JOURNAL", type=Path, help="what the run has written")
    flags.add(parser, "api_key_env", "other_key_env", "spec", "ca_bundle", "timeout", "rate_limit")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Put back, tell, and answer with the exit code. Raises KitError."""
    file = JournalFile(arguments.journal)
    try:
        return _clean_up(file, arguments)
    finally:
        file.close()


def _clean_up(file: JournalFile, arguments: argparse.Namespace) -> int:
    record = file.record
    settings = flags.read(arguments, record.url or _ANY_URL)
    is_clean, verdict = True, "CLEAN: there is nothing to put back"
    if record.unfinished:
        if not arguments.spec:
            settings = replace(settings, spec=_spec(record))
        restoration = _put_back(file, settings, arguments)
        _say(
            f"{record.url}: back to how it was before the run of {record.began.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        )
        _tell(restoration)
        is_clean, verdict = not restoration.left, "CLEAN: all is as it was before the run"
        if restoration.left:
            verdict = f"NOT CLEAN: {len(restoration.left)} not put back; {file.path} keeps what is to be done"
    for text in record.irreversible():
        _say(f"cannot be undone: {text}")
    _say(verdict)
    return 0 if is_clean else 1


def _variables(record: Record, arguments: argparse.Namespace) -> dict[str, str]:
    """The accounts, each with the variable that holds its key: the one in the journal, unless another is named."""
    given = {"api-key": arguments.api_key_env, "other-key": arguments.other_key_env}
    return {
        account: given.get(account) or record.keys.get(account, account)
        for account in record.unfinished
    }


def _spec(record: Record) -> Path:
    return Path(record.spec) if record.spec else packaged_spec()


def _put_back(file: JournalFile, settings: Settings, arguments: argparse.Namespace) -> Restoration:
    # What speaks HTTP takes its time to load, and a journal that cannot be used is to be told at once.
    from contract_tests.account_state import Reader
    from contract_tests.caller import Caller
    from contract_tests.channel import Channel, Limits
    from contract_tests.contract import Contract
    from contract_tests.restoration import SETTLE, Restoration

    def write_done(account: str) -> None:
        try:
            file.append({"entry": "done", "account": account}, keyring)
        except OSError as error:
            raise UsageError(f"{file.path}: cannot be written ({error.strerror})") from None

    keyring, variables = Keyring(), _variables(file.record, arguments)
    for account, variable in variables.items():
        keyring.add(account, key_from(settings.environment, variable))
    contract = Contract.load(settings.spec)
    limits = Limits(settings.timeout, settings.per_second, None, settings.ca_bundle)
    channel = Channel(settings.url, contract, keyring, limits=limits)
    reader = Reader(contract, keyring)
    if missing := {part for parts in file.record.before.values() for part in parts}.difference(
        reader.parts
    ):
        raise UsageError(f"{settings.spec}: has no '{min(missing)}', of which the journal speaks")
    age = (datetime.now(UTC) - file.record.latest).total_seconds()
    time.sleep(
        min(SETTLE, max(0.0, SETTLE - age))
    )  # what was sent just before the crash may still arrive
    for account, variable in variables.items():
        _refuse_no_answer(Caller(channel, account).call(reader.parts[0]), settings.url, variable)
    restoration = Restoration(file.record, reader, channel, write_done)
    restoration.run()
    return restoration


def _refuse_no_answer(answer: Any, url: str, variable: str) -> None:
    if answer.status == 0:
        raise Unreachable(f"{url} cannot be reached: {answer.error}")
    if answer.status in (401, 403):
        raise Unreachable(f"{url} refuses the key of {variable} with {answer.status}")


def _tell(restoration: Restoration) -> None:
    for text in [*restoration.done, *restoration.notes.values()]:
        _say(text)
    for each in restoration.left:
        _say(f"not put back: {each.account}: {each.text}")


def _say(text: str) -> None:
    sys.stdout.write(f"{printable(text)}\n")
