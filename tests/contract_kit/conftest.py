"""One second judge for all runs of a process that read the same document."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from unittest import mock

import pytest

from contract_tests.judge import judge
from contract_tests.judge.openapi_core import OpenApiCore
from contract_tests.openapi.contract import Contract

_judges: dict[bytes, OpenApiCore] = {}


@pytest.fixture(scope="session", autouse=True)
def _one_openapi_core_per_document() -> Iterator[None]:
    """Share what openapi-core accepted: it takes half of a short run, and no run changes it."""
    with mock.patch.object(judge, "OpenApiCore", _shared):
        yield


def _shared(contract: Contract) -> OpenApiCore:
    document = pickle.dumps(contract.document)
    if document not in _judges:
        _judges[document] = OpenApiCore(contract)
    return _judges[document]
