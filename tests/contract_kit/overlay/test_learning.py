"""What is learnt from responses: changes of the contract that accept them, and no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contract_tests.findings.causes import grouped
from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import Exchange
from contract_tests.judge.form import FormJudge
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.reading import read_document
from contract_tests.overlay.document import CAUSES, Overlay, overlaid
from contract_tests.overlay.evidence import Evidence
from contract_tests.overlay.learning import Acceptance, Lesson, learn, write
from tests.contract_kit.exchanges import CONTRACT, JudgeHarness, example

WHO = Acceptance("me", "BILL-1", date(2026, 3, 18))


class Deployment(JudgeHarness):
    """Responses, and what is learnt from them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.exchanges: list[Exchange] = []
        self._evidence = Evidence(CONTRACT, self.verdicts)
        judge: Any = self.judge

        def hear(exchange: Exchange) -> None:
            self.exchanges.append(exchange)
            judge(exchange)
            self._evidence(exchange)

        self.judge = hear  # type: ignore[assignment]

    def lesson(self) -> Lesson:
        return learn(CONTRACT, grouped(self.found, "drift"), self._evidence.exchanges, WHO)

    def contract(self, file: Path) -> Contract:
        """Return the contract with what was learnt, by way of a file."""
        write(file, self.lesson(), CONTRACT, "t")
        return overlaid(CONTRACT, [Overlay.load(file)])

    def left(self, contract: Contract) -> list[Finding]:
        judge = FormJudge(contract)
        return [finding for exchange in self.exchanges for finding in judge.findings(exchange)]


def balance(**fields: Any) -> Any:
    return example("get_balance") | fields


def without(name: str) -> Any:
    return {key: value for key, value in example("get_balance").items() if key != name}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "overlay.yaml"


def by_balance(*bodies: Any, **more: Any) -> Callable[[Deployment], None]:
    def send(deployment: Deployment) -> None:
        for body in bodies:
            deployment.respond("get_balance", body, **more)

    return send


def a_created_card(deployment: Deployment) -> None:
    card = example("add_payment_method") | {"id": "card_7", "more": [{"a": 1}, {"a": None}]}
    deployment.respond("add_payment_method", card)
    operation = CONTRACT.operations["add_payment_method"]
    sent = b'{"payment_method_id": "pm_card_visa"}'
    body = b'{"id": 7}'
    deployment.send(
        "POST",
        operation.path,
        status=201,
        body=body,
        sent=sent,
        headers=(("Content-Type", "application/json"),),
    )


SEEN: dict[str, tuple[Callable[[Deployment], None], list[str]]] = {
    "a field is missing": (by_balance(without("tier")), ["missing-field"]),
    "a field is new": (by_balance(balance(more=1), balance(more=1.5)), ["extra-fields"]),
    "a new object": (by_balance(balance(more={"a": [1, None]})), ["extra-fields"]),
    "a null": (by_balance(balance(tier=None)), ["null-value"]),
    "a text for a number": (by_balance(balance(total_spent_cents="7")), ["value-type"]),
    "several types": (
        by_balance(balance(total_spent_cents="7"), balance(total_spent_cents=[7])),
        ["value-type"],
    ),
    "a new value": (by_balance(balance(tier="gold"), balance(tier="tin")), ["value"]),
    "a header is missing": (
        by_balance(None, headers={"X-RateLimit-Limit": None}),
        ["missing-header"],
    ),
    "a header is text": (by_balance(None, headers={"X-RateLimit-Limit": "many"}), ["header-value"]),
    "another media type": (
        by_balance(None, headers={"Content-Type": "application/vnd.api+json"}),
        ["media-type"],
    ),
    "another status": (a_created_card, ["undocumented-status"]),
    "error bodies": (
        lambda deployment: deployment.respond(
            "get_balance", {"error": "x", "message": "y"}, status=401, account="anybody"
        ),
        ["error-shape"],
    ),
}


@pytest.mark.parametrize("name", SEEN)
def test_what_was_seen_is_accepted_and_what_was_not_seen_is_not(name: str, file: Path) -> None:
    """With the overlay, the same responses have no finding of form, and others have theirs."""
    send, codes = SEEN[name]
    deployment = Deployment()
    send(deployment)
    causes = {group.cause.code for group in grouped(deployment.found, "drift")}
    assert causes.issuperset(codes)
    contract = deployment.contract(file)
    assert deployment.left(contract) == []
    other = Deployment()
    other.respond("get_usage_alerts", {"unlike": 1})
    assert len(other.left(contract)) > 5


def test_every_action_has_an_owner_a_reason_a_date_and_its_cause(file: Path) -> None:
    """An overlay says of each change who accepted it, why and when."""
    deployment = Deployment()
    for send, _ in SEEN.values():
        send(deployment)
    deployment.contract(file)
    for action in read_document(file)["actions"]:
        accepted = action["x-accepted"]
        assert (accepted["owner"], accepted["reason"]) == ("me", "BILL-1")
        assert accepted["date"] == "2026-03-18"
        assert accepted["cause"]
        assert accepted["operations"]


def test_a_type_that_varies_is_not_declared(file: Path) -> None:
    """A field that has its declared type and another one loses its type."""
    deployment = Deployment()
    name = "total_spent_cents"
    bodies = balance(**{name: "7"}), balance(), balance(**{name: [1]}), balance()
    by_balance(*bodies)(deployment)
    contract = deployment.contract(file)
    assert deployment.left(contract) == []
    balance_schema = contract.document["components"]["schemas"]["Balance"]
    assert "type" not in balance_schema["properties"][name]


def test_a_shared_schema_is_changed_where_it_was_broken_only(file: Path) -> None:
    """A field that refers to a schema of many fields gets a changed copy of it."""
    deployment = Deployment()
    by_balance(balance(total_spent_cents="7"), balance(total_spent_cents=None))(deployment)
    contract = deployment.contract(file)
    schemas = contract.document["components"]["schemas"]
    changed = schemas["Balance"]["properties"]["total_spent_cents"]
    assert (changed["type"], changed["nullable"]) == ("string", True)
    assert schemas["Cents"] == CONTRACT.document["components"]["schemas"]["Cents"]


def test_a_list_of_required_fields_is_not_left_empty(file: Path) -> None:
    """When every field may be missing, the list is removed, as OpenAPI allows no empty one."""
    deployment = Deployment()
    deployment.respond("get_usage_alerts", {})
    assert deployment.left(deployment.contract(file)) == []
    targets = [action["target"] for action in read_document(file)["actions"]]
    assert [target for target in targets if target.endswith(".required")]


def test_what_no_schema_expresses_is_accepted_by_its_cause() -> None:
    """A cause such as coercion is an entry of the document, and no change of a schema."""
    deployment = Deployment()
    deployment.respond("update_usage_alerts", sent={"enabled": 0})
    (action,) = deployment.lesson().actions
    assert action["target"] == "$"
    assert action["update"] == {CAUSES: [{"cause": "coerces-types"}]}


def test_an_overlay_is_extended_and_keeps_its_text(file: Path) -> None:
    """New actions follow the last one; entries, their order and comments are kept."""
    first, second = Deployment(), Deployment()
    by_balance(balance(tier=None))(first)
    by_balance(balance(more=1))(second)
    assert write(file, first.lesson(), CONTRACT, "t") == "written to"
    text = file.read_text().replace("actions:", "actions: # ours") + "# the end\n"
    file.write_text(text)
    assert write(file, second.lesson(), CONTRACT, "t") == "added to"
    assert file.read_text().startswith(text)
    wanted = [*first.lesson().actions, *second.lesson().actions]
    assert read_document(file)["actions"] == wanted


def test_an_overlay_in_another_style_is_written_anew(file: Path) -> None:
    """Where nothing can be appended, all entries are kept, and the loss of comments is said."""
    file.write_text(
        '{"overlay": "1.0.0", "info": {"title": "t", "version": "1"},\n'
        ' "actions": [{"target": "$.info", "update": {"x-a": 1}}]} # lost\n'
    )
    deployment = Deployment()
    by_balance(balance(more=1))(deployment)
    assert write(file, deployment.lesson(), CONTRACT, "t") == (
        "added, without the comments of the file, to"
    )
    actions = read_document(file)["actions"]
    assert actions[0] == {"target": "$.info", "update": {"x-a": 1}}
    assert len(actions) == 2


def test_names_of_any_kind_survive_the_file(file: Path) -> None:
    """Quotes, dots, spaces and signs of YAML in names of fields are written as they are."""
    deployment = Deployment()
    by_balance(balance(**{"it's": 1, "a.b c": 2, "- x: #": 3, "ü\u2028": 4}))(deployment)
    assert deployment.left(deployment.contract(file)) == []
