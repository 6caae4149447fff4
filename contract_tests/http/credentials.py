"""``--header`` and ``--auth`` as the credentials of the document's security schemes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from contract_tests.errors import UsageError
from contract_tests.http.redaction import Keyring
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.security import Carrier, carriers_of, is_basic
from contract_tests.settings import Header, Settings

COOKIE = "cookie"


def carriers_in(contract: Contract) -> list[Carrier]:
    """Return every place in which a request to an operation may carry a key."""
    found = dict.fromkeys(
        carrier
        for security in _securities(contract.document)
        for requirement in security
        for carrier in carriers_of(contract.document, [requirement])
    )
    return list(found)


def preferring_given(contract: Contract, settings: Settings) -> Contract:
    """Return the contract with those security requirements first whose credentials are given."""
    given = {carrier for carrier in carriers_in(contract) if _giver(carrier, settings) is not None}
    if not given:
        return contract

    def is_given(requirement: Any) -> bool:
        carriers = carriers_of(contract.document, [requirement])
        return bool(carriers) and given.issuperset(carriers)

    document = _with_securities(contract.document, is_given)
    return replace(contract, document=document)


def take_given(settings: Settings, contract: Contract, keyring: Keyring) -> dict[Carrier, str]:
    """Return the keys that flags give, by carrier, and mark their headers. Raise UsageError."""
    found: dict[Carrier, str] = {}
    for carrier in carriers_in(contract):
        giver = _giver(carrier, settings)
        if giver is None:
            continue
        found[carrier] = _key(carrier, giver, settings)
        keyring.taken.add(COOKIE if carrier.location == COOKIE else carrier.name.lower())
    return found


def variable_of(settings: Settings, carriers: dict[Carrier, str]) -> str:
    """Return the environment variable of the first key that a flag gives."""
    for carrier in carriers:
        if isinstance(giver := _giver(carrier, settings), Header):
            return giver.variable or settings.api_key_env
    return settings.auth.variable if settings.auth is not None else settings.api_key_env


def _giver(carrier: Carrier, settings: Settings) -> Header | str | None:
    """Return the header that gives the key of a carrier, or the user of ``--auth``."""
    if carrier.location == "header" and is_basic(carrier) and settings.auth is not None:
        return settings.auth.user
    name = COOKIE if carrier.location == COOKIE else carrier.name.lower()
    if carrier.location == "query":
        return None
    return next((header for header in settings.headers if header.name.lower() == name), None)


def _key(carrier: Carrier, giver: Header | str, settings: Settings) -> str:
    """Return the key that a header or ``--auth`` gives. Raise UsageError."""
    if isinstance(giver, str):
        variable = settings.auth.variable if settings.auth is not None else ""
        return f"{giver}:{_value(variable, settings)}"
    value = _value(giver.variable, settings) if giver.variable else giver.value
    if carrier.location == COOKIE:
        name, _, key = value.partition("=")
        if name.strip() != carrier.name or ";" in value:
            raise UsageError(f"--header Cookie must be '{carrier.name}=...', which carries the key")
        return key.strip()
    if not value.lower().startswith(carrier.prefix.lower()) or not value[len(carrier.prefix) :]:
        raise UsageError(f"--header {carrier.name} must begin with '{carrier.prefix}'")
    return value[len(carrier.prefix) :].strip()


def _value(variable: str, settings: Settings) -> str:
    value = settings.environment.get(variable, "").strip()
    if not value:
        raise UsageError(f"the environment variable {variable} is not set")
    if not value.isascii() or not value.isprintable():
        raise UsageError(f"the value of {variable} holds characters that no header can carry")
    return value


def _securities(document: Any) -> Iterator[list[Any]]:
    """Yield the security requirements of a document and of its operations."""
    paths = (document.get("paths") or {}).values()
    items = [item for item in paths if isinstance(item, dict)]
    nodes = [node for item in items for node in item.values() if isinstance(node, dict)]
    for node in (document, *nodes):
        if isinstance(node.get("security"), list):
            yield [requirement for requirement in node["security"] if isinstance(requirement, dict)]


def _with_securities(document: Any, is_given: Any) -> Any:
    """Return a document whose requirements are in another order: those that are given first."""

    def ordered(node: Any) -> Any:
        if not isinstance(node, dict) or not isinstance(node.get("security"), list):
            return node
        return {**node, "security": sorted(node["security"], key=lambda one: not is_given(one))}

    paths = {
        path: {method: ordered(node) for method, node in item.items()}
        if isinstance(item, dict)
        else item
        for path, item in (document.get("paths") or {}).items()
    }
    return {**ordered(document), "paths": paths}
