"""Short waits, and one second judge for all runs that read the same document."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from unittest import mock

import pytest

from contract_tests import context
from contract_tests.http.channel import Channel
from contract_tests.judge import judge as judge_module
from contract_tests.judge.judge import Judge
from contract_tests.judge.openapi_core import OpenApiCore
from contract_tests.knowledge import Knowledge
from contract_tests.openapi.contract import Contract
from contract_tests.safety import journal, restoration
from contract_tests.settings import Settings
from contract_tests.settling import Settling

_SHORT = 0.2
"""Seconds for what a deployment gets 2 s for: servers in this process settle at once."""
_MAX_JUDGES = 8
_judges: dict[bytes, OpenApiCore] = {}


@pytest.fixture(scope="session", autouse=True)
def _one_openapi_core_per_document() -> Iterator[None]:
    """Share what openapi-core accepted: it takes half of a short run, and no run changes it."""
    with mock.patch.object(judge_module, "OpenApiCore", _shared):
        yield


def _shared(contract: Contract) -> OpenApiCore:
    document = pickle.dumps(contract.document)
    if document not in _judges:
        if len(_judges) >= _MAX_JUDGES:
            _judges.clear()
        _judges[document] = OpenApiCore(contract)
    return _judges[document]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait shortly before a view is read again, unless the test says how long."""

    def settling(channel: Channel, judge: Judge, knowledge: Knowledge, seconds: float) -> Settling:
        short = _SHORT if seconds == Settings.settle else seconds
        return Settling(channel, judge, knowledge, short)

    monkeypatch.setattr(context, "Settling", settling)
    monkeypatch.setattr(restoration, "SETTLE", _SHORT)
    monkeypatch.setattr(journal, "SETTLE", _SHORT)
