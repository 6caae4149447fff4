"""The implementation of ``Knowledge`` for the Billing API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contract_tests.billing import drivers, races
from contract_tests.billing.account.model import BillingAccount
from contract_tests.billing.adapters import HOOKS, adapter_of
from contract_tests.billing.catalogue import read_catalogue
from contract_tests.billing.effects import EFFECTS
from contract_tests.billing.identifiers import IDENTIFIERS
from contract_tests.billing.relations import RELATIONS
from contract_tests.billing.rules.catalogue import COMMON_RULES, RULES
from contract_tests.billing.safety import SAFETY
from contract_tests.billing.stories.actor import new_actor
from contract_tests.billing.stories.catalogue import STORIES
from contract_tests.drivers.stories import reason_against, run_story
from contract_tests.hooks.hook import Hook
from contract_tests.http.client import Client
from contract_tests.judge.lists import list_relations
from contract_tests.judge.views import Relation, Views
from contract_tests.judge.violation import Rule
from contract_tests.knowledge import (
    AccountModel,
    Driver,
    Effects,
    Identifiers,
    Safety,
    Situation,
    Story,
)
from contract_tests.openapi.contract import Operation
from contract_tests.openapi.lists import ListOperation
from contract_tests.settings import Settings

_TEST_KEY = "sk_test_"
_SPECIAL = ("power_user", "rate_limited")
"""Personas that take long to read, or that are refused."""


class BillingKnowledge:
    """The rules, effects, relations and stories of the Billing API."""

    effects: Effects = EFFECTS
    identifiers: Identifiers = IDENTIFIERS
    safety: Safety = SAFETY
    stories: Sequence[Story] = STORIES
    drivers: Mapping[str, Driver] = drivers.DRIVERS
    hooks: Mapping[str, Hook] = HOOKS
    mock_takes_any_key = False
    mock_keeps_state = True

    def check_settings(self, settings: Settings) -> None:
        if settings.catalogue is not None:
            read_catalogue(settings.catalogue)

    def rules(self, operation_id: str) -> Sequence[Rule]:
        return (*COMMON_RULES, *RULES.get(operation_id, ()))

    def relations(self, lists: Mapping[str, ListOperation]) -> Sequence[Relation]:
        return (*RELATIONS, *list_relations(lists))

    def account_model(self, views: Views) -> AccountModel:
        return BillingAccount(views)

    def playable(self, run: Any) -> Sequence[Story]:
        offers = adapter_of(run).offers
        known = (*STORIES, *races.RACES)
        return [story for story in known if reason_against(run, story, offers) is None]

    def play(self, run: Any, story: Story) -> None:
        phase = "races" if story in races.RACES else "stories"
        run_story(run, story, new_actor, adapter_of(run).offers, phase=phase)

    def mock_account(self, name: str) -> tuple[str, str]:
        return f"sk-test {name.replace('_', '-')}", f"{_TEST_KEY}{name}"

    def situations(self, client: Client) -> Sequence[Situation]:
        personas = client.control("GET", "personas").object.get("personas", [])
        return [
            Situation(name, persona["member_of"], is_ordinary=name not in _SPECIAL)
            for persona in personas
            if persona["key"] and (name := persona["key"].removeprefix(_TEST_KEY))
        ]

    def body_values(
        self, client: Client, operation: Operation, settings: Settings, *, fresh: bool
    ) -> dict[str, Any]:
        if operation.id == "update_auto_recharge" and not settings.may_do_anything:
            return {
                "enabled": False
            }  # enabling might charge a card, so the request would be withheld
        if operation.id != "confirm_verification" or not (fresh and settings.mock):
            return {}
        # Wrong codes use up a challenge, so every request needs a new one. Only the mock gets them:
        # elsewhere each would send a message to a person.
        challenge = client.call("initiate_verification", {"action": "kit_boundaries"}).object
        return {"challenge_id": challenge["challenge_id"]} if "challenge_id" in challenge else {}


KNOWLEDGE = BillingKnowledge()
