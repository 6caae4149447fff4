"""Figures that README and guides give are those of the code, the contract and the benchmarks."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from mockserver.openapi.contract import Contract
from tests.guides.markdown import README, ROOT, Document, guide
from tests.spec.published import NOTHING_PUBLISHED, read_page


@cache
def constants() -> dict[str, set[int]]:
    """The whole numbers that modules name, by name, wherever the modules are."""
    found: dict[str, set[int]] = {}
    for package in ("mockserver", "contract_tests"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                    value = node.value.value
                    for target in node.targets:
                        if isinstance(target, ast.Name) and isinstance(value, int | float):
                            found.setdefault(target.id, set()).add(int(value))
    return found


def constant(name: str) -> Callable[[], int]:
    """Return the value of a constant; a renamed one fails with its name."""

    def read() -> int:
        assert name in constants(), f"no module defines {name} any more"
        (value,) = constants()[name]
        return value

    return read


@cache
def contract() -> Contract:
    return Contract.load(packaged.spec())


def operations() -> int:
    return len(contract().operations)


def responses() -> int:
    return sum(len(operation.node["responses"]) for operation in contract().operations.values())


def personas() -> int:
    loaded = fixtures.load(packaged.fixtures()).personas.values()
    return sum(persona.key is not None for persona in loaded)


def unpublished_bodies() -> int:
    return sum(operation.response == NOTHING_PUBLISHED for operation in read_page())


def stories() -> int:
    from contract_tests.billing.stories.catalogue import STORIES

    return len(STORIES)


def accepted_days() -> int:
    from contract_tests.findings.baseline import ACCEPTED_FOR

    return ACCEPTED_FOR.days


def pause(index: int) -> Callable[[], int]:
    def read() -> int:
        from mockserver.webhooks.sender import RETRY_AFTER

        return int(RETRY_AFTER[index].total_seconds())

    return read


def attempts() -> int:
    from mockserver.webhooks.sender import RETRY_AFTER

    return len(RETRY_AFTER) + 1


def allowance() -> int:
    (persona,) = (
        persona
        for persona in fixtures.load(packaged.fixtures()).personas.values()
        if persona.key == "sk_test_rate_limited"
    )
    assert persona.requests_per_minute is not None
    return persona.requests_per_minute


WORDS = {"seven": 7, "three": 3}
KIT, CONTROL, FIRST = guide("contract-kit"), guide("control-api"), guide("quickstart")
HOOKS, FAULTS, HELP = guide("webhooks"), guide("situations"), guide("troubleshooting")
FIGURES: list[tuple[Document, str, Callable[[], Any]]] = [
    (README, r"The mock routes all (\d+) operations", operations),
    (README, r"one of (\d+) personas", personas),
    (README, r"At most ([\d,]+) accounts", constant("MAX_TENANTS")),
    (README, r"and (\w+) response bodies are assumed", unpublished_bodies),
    (FIRST, r"gets 429 after (\d+) requests per minute", allowance),
    (KIT, r"(\d+) of \d+ operations, \.\.\.", operations),
    (KIT, r"\d+ of (\d+) operations, \.\.\.", operations),
    (KIT, r"all (\d+) operations, all \d+ documented", operations),
    (KIT, r"all (\d+) documented responses", responses),
    (KIT, r"(\d+) sequences written by hand", stories),
    (KIT, r"accepted for (\d+) days", accepted_days),
    (CONTROL, r"the last ([\d,]+) exchanges", constant("MAX_EXCHANGES")),
    (CONTROL, r"under a name \((\d+) at most\)", constant("MAX_SNAPSHOTS")),
    (FAULTS, r"at most (\d+) rules", constant("MAX_RULES")),
    (HOOKS, r"At most (\d+) endpoints", constant("MAX_ENDPOINTS")),
    (HOOKS, r"keeps the last ([\d,]+)\.", constant("MAX_DELIVERIES")),
    (HOOKS, r"within (\d+) seconds", constant("TIMEOUT_SECONDS")),
    (HOOKS, r"tries again after (\d+) seconds", pause(0)),
    (HOOKS, r"once more after another (\d+)", pause(1)),
    (HOOKS, r"there are (\w+) attempts", attempts),
    (HOOKS, r"At most (\d+) deliveries wait", constant("MAX_BACKLOG")),
    (HELP, r"At most ([\d,]+) accounts", constant("MAX_TENANTS")),
    (HELP, r"its last (\d+) checkout sessions", constant("MAX_CHECKOUT_SESSIONS")),
    (HELP, r"its last (\d+) portal sessions", constant("MAX_PORTAL_SESSIONS")),
    (HELP, r"its last (\d+) portal sessions, setup", constant("MAX_SETUP_INTENTS")),
    (HELP, r"its last (\d+) portal sessions, .* verification", constant("MAX_CHALLENGES")),
    (HELP, r"its last (\d+) portal sessions, .* messages", constant("MAX_MESSAGES")),
    (HELP, r"the bodies of (\w+) responses", unpublished_bodies),
]


@pytest.mark.parametrize(
    ("document", "sentence", "actual"), FIGURES, ids=[f"{d.name}: {s}" for d, s, _ in FIGURES]
)
def test_a_figure_is_the_real_one(
    document: Document, sentence: str, actual: Callable[[], int]
) -> None:
    """The sentence stands in the document, and its figure is right."""
    found = re.search(sentence, " ".join(document.text.split()))
    assert found, sentence
    given = WORDS.get(found[1]) or int(found[1].replace(",", ""))
    assert given == actual()


def test_speed_is_what_the_benchmark_measured() -> None:
    """The README rounds the measured factors and the time to start."""
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    factors = [
        round(float(factor))
        for factor in re.findall(r"against Prism \| .*? \| ([\d.]+) x", results)
    ]
    found = re.search(r"serves (\d+) to (\d+) times", " ".join(README.text.split()))
    assert found
    assert (int(found[1]), int(found[2])) == (min(factors), max(factors))
    start = re.search(r"start to first (?:answer|response) \| .*? \| ([\d.]+) s", results)
    assert start
    assert f"starts in about {round(float(start[1]), 1)} s" in README.text
