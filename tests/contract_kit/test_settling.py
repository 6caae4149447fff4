"""Contradictions that are read again before they are judged."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import Mock

import pytest

from contract_tests import settling
from contract_tests.billing.knowledge import KNOWLEDGE
from contract_tests.http.channel import Channel
from contract_tests.settling import Settling
from tests.contract_kit.exchanges import JudgeHarness, example


@pytest.fixture
def harness() -> JudgeHarness:
    return JudgeHarness()


@pytest.fixture
def channel() -> Mock:
    return Mock(spec=Channel)


def contradict(harness: JudgeHarness) -> None:
    """Show a card, and then another one in its place."""
    cards = example("list_payment_methods")
    harness.respond("list_payment_methods", cards)
    first, *more = cards["payment_methods"]
    changed = {**first, "card_last4": "0000"}
    harness.respond("list_payment_methods", {**cards, "payment_methods": [changed, *more]})


def test_a_run_waits_for_a_deployment_that_lags_so_often_and_no_more(
    harness: JudgeHarness, channel: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What contradicts after the last wait is left open, and told."""
    monkeypatch.setattr(settling, "MAX_WAITS", 0)
    settle = Settling(channel, harness.judge, KNOWLEDGE, 1.0)
    settle.lagging, settle.lag = 1, 1.0
    contradict(harness)
    settle()
    assert harness.found == []
    assert channel.mock_calls == []
    assert settle.notes() == [
        "the deployment lags: 1 contradictions had vanished 1 s later; readings so soon after a "
        "change are not judged (1 more were left open after 0 waits)"
    ]


def test_an_account_that_was_just_opened_may_lag_like_one_that_was_changed(
    harness: JudgeHarness,
) -> None:
    """What a replica shows of it so soon is not judged, and contradicts nothing later."""
    harness.judge.accounts.note_lag(timedelta(minutes=5))
    harness.send("POST", "/_mock/reset", status=204)
    harness.respond("list_payment_methods", {"payment_methods": [], "default_method_id": None})
    harness.respond("list_payment_methods", example("list_payment_methods"))
    assert harness.found == []
