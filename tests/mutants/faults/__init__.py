"""All faults, by name: the modules of this package, group by group."""

from __future__ import annotations

from collections.abc import Mapping

from tests.mutants.fault import Fault
from tests.mutants.faults import (
    alerts,
    auth,
    card_rules,
    cards,
    crashes,
    deposits,
    input_bounds,
    input_leniency,
    input_shapes,
    leaks,
    ledger_rules,
    list_rules,
    money,
    pages,
    plan_rules,
    plans,
    protocol,
    recharge_rules,
    recharge_settings,
    recharges,
    records,
    refusals,
    response_bodies,
    response_envelopes,
    response_values,
    tenants,
    usage,
    usage_rules,
    verification,
    verification_rules,
)

ALL: tuple[Fault, ...] = (
    *response_bodies.FAULTS,
    *response_envelopes.FAULTS,
    *input_bounds.FAULTS,
    *input_shapes.FAULTS,
    *auth.FAULTS,
    *tenants.FAULTS,
    *protocol.FAULTS,
    *deposits.FAULTS,
    *money.FAULTS,
    *pages.FAULTS,
    *cards.FAULTS,
    *recharge_settings.FAULTS,
    *recharges.FAULTS,
    *usage.FAULTS,
    *alerts.FAULTS,
    *plans.FAULTS,
    *verification.FAULTS,
    *records.FAULTS,
    *response_values.FAULTS,
    *refusals.FAULTS,
    *input_leniency.FAULTS,
    *crashes.FAULTS,
    *leaks.FAULTS,
    *ledger_rules.FAULTS,
    *list_rules.FAULTS,
    *card_rules.FAULTS,
    *recharge_rules.FAULTS,
    *usage_rules.FAULTS,
    *plan_rules.FAULTS,
    *verification_rules.FAULTS,
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in ALL}
