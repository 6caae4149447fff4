"""Judges the traffic in a HAR file of a run, the proxy or a browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from contract_tests.errors import UsageError
from contract_tests.findings.finding import Finding, Verdicts
from contract_tests.findings.result import Result
from contract_tests.http.exchange import Exchange
from contract_tests.http.redaction import Keyring
from contract_tests.openapi.contract import Contract
from contract_tests.overlay.teaching import Teaching
from contract_tests.recording.har import findings_of, numbers_of
from contract_tests.recording.har_index import OTHER_HOST, HarIndex, below, origin_of
from contract_tests.recording.traffic import UNDECLARED, Traffic
from contract_tests.runner import knowledge_of
from contract_tests.settings import Settings, base_url

_RACES = "races"
"""The source of requests that were sent at once. As in the run, nothing is predicted of them:
nobody knows in which order the deployment processed them."""


def replay(path: Path, base: Contract, settings: Settings) -> Result:
    """Judge a file against a contract and the overlays of the settings.

    Without a URL in the settings, that of the file is used. Raises UsageError.
    """
    started = time.monotonic()
    teaching = Teaching(settings, base)
    contract = teaching.contract
    keyring, knowledge = (
        Keyring(contract.credential, foreign=True, public=contract.text),
        knowledge_of(contract),
    )
    index = HarIndex.of(path, contract, keyring, knowledge.effects.page_hosts)
    har = index.har
    settings = _completed(settings, index)
    traffic = Traffic(
        contract,
        keyring,
        knowledge,
        is_stripped=har.is_foreign and not index.with_credentials,
        teaching=teaching,
    )
    wanted = numbers_of(har.about)
    kept: dict[int, Exchange] = {}
    for exchange in index.exchanges(settings.url):
        if exchange.number in wanted:
            kept[exchange.number] = exchange
        if not har.is_foreign:
            if exchange.source.startswith(_RACES):
                traffic.forget()
            traffic.judge(keyring.exchange(exchange))
        elif below(exchange.url, settings.url) is not None:
            traffic.judge_foreign(exchange)
        else:
            is_here = origin_of(exchange.url) == origin_of(settings.url)
            traffic.skip(traffic.named(exchange), UNDECLARED if is_here else OTHER_HOST)
    if not traffic.judged:
        raise UsageError(
            f"{path}: has no request to the API at {settings.url}; {index.describe_hosts()}"
        )
    for reason, count in index.skipped(settings.url).items():
        traffic.skipped[reason] += count
    findings = _merged(findings_of(har.about, kept), traffic)
    result = traffic.result(settings, time.monotonic() - started, findings)
    return replace(result, source=f"replayed from {path.name}")


def _completed(settings: Settings, index: HarIndex) -> Settings:
    """Return the settings, completed by those of the run in the file. Raises UsageError."""
    about = index.har.about if index.har.is_ours else {}
    seed = about.get("seed")
    return replace(
        settings,
        url=base_url(settings.url or index.base()),
        strict=settings.strict or about.get("strict") is True,
        mock=settings.mock or about.get("mock") is True,
        seed=seed if isinstance(seed, int) else settings.seed,
    )


def _merged(recorded: Iterator[Finding], traffic: Traffic) -> list[Finding]:
    """Return the findings of the run's drivers and of the judge, without duplicates."""
    verdicts = Verdicts()
    for finding in (*recorded, *traffic.verdicts):
        verdicts.add(finding)
    return list(verdicts)
