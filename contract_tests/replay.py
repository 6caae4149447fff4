"""``contract-tests replay``: the verdicts on traffic that was recorded, by a run, by the proxy or by a browser."""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from contract_tests import flags
from contract_tests.baseline import Baseline
from contract_tests.cli import COMMANDS, EXIT_CODES
from contract_tests.contract import Contract
from contract_tests.errors import UsageError
from contract_tests.exchange import ANYBODY, Exchange
from contract_tests.finding import Finding, Verdicts
from contract_tests.har import Har, Unusable, exchange_of, findings_of, numbers_of
from contract_tests.redaction import Keyring
from contract_tests.settings import Settings, base_url

if TYPE_CHECKING:
    from contract_tests.run import Result
    from contract_tests.traffic import Traffic

Origin = tuple[str, str, int]

PAYS = "stripe.com"
"""Where customers pay: what is sent there may change an account."""
ELSEWHERE = "for another host"
NOT_OF_THE_RUN = "that the run did not send"
_SHOWN = 5
_ANY_URL = "http://to-be-found.invalid"

_DESCRIPTION = """\
Judges traffic that was recorded, as a run judges its own: by 'run' or 'proxy' with --report har, or by a browser
(developer tools, Network, "Save all as HAR with content"). Replaying the file of a run gives the verdicts of the run.
Sends nothing."""


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "replay",
        help=COMMANDS["replay"][1],
        description=_DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="contract-tests replay FILE.har [--flag value ...]",
    )
    parser.add_argument("file", metavar="FILE.har", type=Path, help="the traffic")
    parser.add_argument(
        "--base-url", metavar="URL", help="the deployment that is judged (the one in the file)"
    )
    flags.add(parser, "spec", "strict", "mock", "baseline", "reports", "report_dir", "quiet")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Replay, tell, and answer with the exit code. Raises KitError."""
    settings = flags.read(arguments, arguments.base_url or _ANY_URL)
    if arguments.base_url is None:
        settings = replace(settings, url="")
    if "har" in settings.reports:
        raise UsageError(f"--report har: the traffic is in {arguments.file} already")
    # What judges takes its time to load, and wrong flags are to be told at once.
    from contract_tests.execution import tell
    from contract_tests.reports import files

    if settings.reports:
        files.make_folder(settings.report_dir)
    contract = Contract.load(settings.spec)
    known = Baseline.load(settings.baseline, date.today()) if settings.baseline else None
    return tell(replay(arguments.file, contract, settings, known))


def replay(
    path: Path, contract: Contract, settings: Settings, known: Baseline | None = None
) -> Result:
    """Judge what a file holds. Without a URL in the settings, the file must tell it. Raises UsageError."""
    # The judges take a while to load, which is no business of the other commands.
    from contract_tests.traffic import UNDECLARED, Traffic

    started = time.monotonic()
    keyring = Keyring(foreign=True)
    survey = Survey.of(path, contract, keyring)
    har = survey.har
    settings = _settled(settings, survey)
    traffic = Traffic(
        contract, keyring, is_stripped=har.is_overheard and not survey.with_credentials
    )
    wanted = numbers_of(har.about)
    kept: dict[int, Exchange] = {}
    for exchange in survey.exchanges(settings.url):
        if exchange.number in wanted:
            kept[exchange.number] = exchange
        if not har.is_overheard:
            traffic.judge(keyring.exchange(exchange))
        elif below(exchange.url, settings.url) is not None:
            traffic.hear(exchange)
        else:
            is_here = origin_of(exchange.url) == origin_of(settings.url)
            traffic.pass_over(traffic.named(exchange), UNDECLARED if is_here else ELSEWHERE)
    if not traffic.judged:
        raise UsageError(
            f"{path}: holds nothing for the API under {settings.url}; {survey.hosts_in_words()}"
        )
    for why, count in survey.passed_over(settings.url).items():
        traffic.skipped[why] += count
    findings = _united(findings_of(har.about, kept), traffic)
    result = traffic.result(settings, time.monotonic() - started, findings, known)
    return replace(result, source=f"replayed from {path.name}")


@dataclass(frozen=True)
class _Entry:
    """What must be known of an entry before any is judged."""

    index: int
    """Its position in the file."""
    ended: float
    number: int
    origin: Origin


@dataclass
class Survey:
    """What is in a file, by a first reading of all of it.

    Entries stand there as they began, and are judged as they ended.
    """

    har: Har
    bases: Counter[str] = field(default_factory=Counter)
    """How many entries are for a declared path, by the base URL that they would have."""
    hosts: Counter[str] = field(default_factory=Counter)
    unusable: Counter[str] = field(default_factory=Counter)
    with_credentials: int = 0
    _entries: list[_Entry] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path, contract: Contract, keyring: Keyring) -> Survey:
        """Read a file. Raises UsageError."""
        survey = cls(Har(path))
        paths = (
            re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(each.path))
            for each in contract.operations.values()
        )
        declared = re.compile(f"(?:{'|'.join(dict.fromkeys(paths))})$")
        for index, exchange in survey._usable(survey.unusable):
            survey._note(index, exchange, declared, keyring)
        return survey

    def exchanges(self, base: str) -> Iterator[Exchange]:
        """What is for a deployment, or may have changed something there, in the order in which it ended."""
        order = sorted(
            (each for each in self._entries if self._matters(each, base)), key=self._when()
        )
        ranks = {each.index: rank for rank, each in enumerate(order, 1)}
        waiting: dict[int, Exchange] = {}
        next_rank = 1
        for index, exchange in self._usable(Counter()):
            if index in ranks:
                waiting[ranks[index]] = self._placed(exchange, ranks[index], base)
            while next_rank in waiting:
                yield waiting.pop(next_rank)
                next_rank += 1

    def passed_over(self, base: str) -> Counter[str]:
        """Why entries were not even looked at, and how many."""
        here = origin_of(base)
        return self.unusable + Counter(
            NOT_OF_THE_RUN if each.origin == here else ELSEWHERE
            for each in self._entries
            if not self._matters(each, base)
        )

    def hosts_in_words(self) -> str:
        """Which hosts the file speaks of."""
        if not self.hosts:
            return "it has no entry that can be read"
        shown = [f"{host} ({count:,})" for host, count in self.hosts.most_common(_SHOWN)]
        more = f" and {len(self.hosts) - _SHOWN} more" if len(self.hosts) > _SHOWN else ""
        return f"the hosts in it are {', '.join(shown)}{more}"

    def base(self) -> str:
        """The base URL of the API: as the run knew it, or the one that has it. Raises UsageError."""
        if self.har.is_ours:
            return str(self.har.about.get("baseUrl", ""))
        if not self.bases:
            raise UsageError(f"{self.har.path}: holds nothing for the API; {self.hosts_in_words()}")
        if len(self.bases) > 1:
            found = ", ".join(
                f"{base} ({count:,} entries)" for base, count in self.bases.most_common()
            )
            raise UsageError(
                f"{self.har.path}: holds more than one deployment: {found}; name one with --base-url"
            )
        return next(iter(self.bases))

    def _usable(self, unusable: Counter[str]) -> Iterator[tuple[int, Exchange]]:
        for index, entry in enumerate(self.har.entries()):
            try:
                yield index, exchange_of(entry)
            except Unusable as error:
                unusable[str(error)] += 1

    def _note(
        self, index: int, exchange: Exchange, declared: re.Pattern[str], keyring: Keyring
    ) -> None:
        parts = urlsplit(exchange.url)
        origin = origin_of(exchange.url)
        self._entries.append(_Entry(index, exchange.ended.timestamp(), exchange.number, origin))
        self.hosts[parts.netloc] += 1
        if found := declared.search(parts.path):
            self.bases[f"{parts.scheme}://{parts.netloc}{parts.path[: found.start()]}"] += 1
            # So that keys are replaced in all that came before, too.
            self.with_credentials += keyring.learn(exchange.request_headers) != ANYBODY

    def _matters(self, entry: _Entry, base: str) -> bool:
        if self.har.is_ours:
            return entry.number > 0
        return entry.origin == origin_of(base) or f".{entry.origin[1]}".endswith(f".{PAYS}")

    def _when(self) -> Callable[[_Entry], float]:
        """What entries are to be sorted by: the number that we gave them, if we did, else when they ended."""
        numbers = [each.number for each in self._entries if each.number]
        is_numbered = self.har.is_ours and len(set(numbers)) == len(numbers)
        return (lambda each: each.number) if is_numbered else (lambda each: each.ended)

    def _placed(self, exchange: Exchange, rank: int, base: str) -> Exchange:
        if self.har.is_ours:
            return exchange
        return replace(
            exchange, number=rank, path=below(exchange.url, base) or exchange.path, source="replay"
        )


def _settled(settings: Settings, survey: Survey) -> Settings:
    """The settings with what the file says of its run, where the user says nothing. Raises UsageError."""
    about = survey.har.about if survey.har.is_ours else {}
    seed = about.get("seed")
    return replace(
        settings,
        url=base_url(settings.url or survey.base()),
        strict=settings.strict or about.get("strict") is True,
        mock=settings.mock or about.get("mock") is True,
        seed=seed if isinstance(seed, int) else settings.seed,
    )


def _united(recorded: Iterator[Finding], traffic: Traffic) -> list[Finding]:
    """What the drivers of a run found and what the judge says, each once, as in the run."""
    verdicts = Verdicts()
    for finding in (*recorded, *traffic.verdicts):
        verdicts.add(finding)
    return list(verdicts)


def origin_of(url: str) -> Origin:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return parts.scheme, str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)


def below(url: str, base: str) -> str | None:
    """The path of a URL below a base URL; None if it is not below."""
    path, prefix = urlsplit(url).path, urlsplit(base).path
    rest = path.removeprefix(prefix)
    is_below = (
        origin_of(url) == origin_of(base) and path.startswith(prefix) and rest[:1] in ("", "/")
    )
    return rest if is_below else None
