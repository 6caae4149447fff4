"""The model of a billing account, composed of its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from contract_tests.billing import effects, statuses
from contract_tests.billing.account.audit import Audit
from contract_tests.billing.account.cards import Cards
from contract_tests.billing.account.handed_out import Ids, Promos
from contract_tests.billing.account.part import Checkpoint, Part
from contract_tests.billing.account.settings import Settings
from contract_tests.billing.account.verification import Challenges
from contract_tests.judge.views import Views
from contract_tests.judge.violation import Response, Violation, guarded


class BillingAccount:
    """Passes readings and changes on to the parts of the model."""

    def __init__(self, views: Views) -> None:
        self.views = views
        self.cards = Cards()
        self.settings = Settings()
        self.challenges = Challenges()
        self.promos = Promos()
        self._statuses: dict[str, Callable[[Response], statuses.Expected]] = {
            "confirm_verification": partial(statuses.of_confirmation, self.challenges),
            "create_deposit": partial(statuses.of_deposit, self.promos),
            "set_default_payment_method": partial(statuses.of_default, self.cards),
            "remove_payment_method": partial(statuses.of_removal, self.cards, self.settings),
            "add_payment_method": partial(statuses.of_addition, self.cards),
            "update_auto_recharge": partial(statuses.of_recharge, self.cards),
        }
        self._parts: tuple[Part, ...] = (
            self.promos,
            Audit(views, self.cards),
            Ids(),
            self.challenges,
            self.cards,
            self.settings,
        )

    def read(self, response: Response) -> Iterator[Violation]:
        for part in self._parts:
            yield from guarded(part.read(response))

    def changed(self, response: Response) -> Iterator[Violation]:
        for part in self._parts:
            yield from guarded(part.changed(response))

    def predict(self, response: Response) -> None:
        for part in self._parts:
            part.predict(response)

    def forget(self, names: frozenset[str] | None) -> None:
        for part in self._parts:
            part.forget(names)

    def checkpoint(self) -> list[Checkpoint]:
        return [part.checkpoint() for part in self._parts]

    def restore(self, checkpoint: list[Checkpoint]) -> None:
        for part, saved in zip(self._parts, checkpoint, strict=True):
            part.restore(saved)

    def expected_status(self, response: Response) -> tuple[int, str] | None:
        rule = self._statuses.get(response.operation.id)
        return rule(response) if rule is not None else None

    def headers(self, response: Response) -> Iterator[Violation]:
        """Check the balance header against the last reading of the balance."""
        shown = response.exchange.response_header("X-AlterLab-Balance")
        known = self.views.find(effects.BALANCE)
        if shown is None or known is None or shown == known.get("balance_display"):
            return
        where = f"/response/{response.exchange.status}/headers/x-alterlab-balance"
        expected = f"{known.get('balance_display')}, as last read"
        yield Violation("headers", where, "balance", expected, shown, "observed")
