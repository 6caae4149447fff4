"""The JSON of a tenant in parts, so that states of one account share what did not change.

Ledger and usage log are append-only. Their entries are cut into blocks, which never change once
they are full. The first part has the rest, and the number of blocks of each log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

_BLOCK = 48
"""Entries in a block: larger ones compress better, smaller ones are full sooner."""
_LOGS = (("ledger", "entries"), ("usage", "events"))

_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_LIST = msgspec.json.Decoder(list[Raw])


class _Rest(msgspec.Struct):
    """The first part."""

    tenant: dict[str, Raw]
    account: dict[str, Raw]
    blocks: list[int]
    """The number of blocks of each log."""


_REST = msgspec.json.Decoder(_Rest)


def split(json: bytes) -> list[bytes]:
    """Return the parts of a tenant's JSON."""
    tenant = _OBJECT.decode(json)
    account = _OBJECT.decode(tenant.pop("account"))
    blocks: list[bytes] = []
    counts = []
    for name, field in _LOGS:
        log: dict[str, Any] = _OBJECT.decode(account[name])
        entries = _LIST.decode(log[field])
        full = len(entries) // _BLOCK
        blocks += (_encode(entries[place * _BLOCK :][:_BLOCK]) for place in range(full))
        counts.append(full)
        account[name] = Raw(_encode({**log, field: entries[full * _BLOCK :]}))
    return [_encode(_Rest(tenant, account, counts)), *blocks]


def join(parts: Sequence[bytes]) -> bytes:
    """Return the JSON of a tenant from its parts."""
    rest = _REST.decode(parts[0])
    blocks = iter(parts[1:])
    for (name, field), count in zip(_LOGS, rest.blocks, strict=True):
        log: dict[str, Any] = _OBJECT.decode(rest.account[name])
        entries = [entry for _ in range(count) for entry in _LIST.decode(next(blocks))]
        rest.account[name] = Raw(_encode({**log, field: entries + _LIST.decode(log[field])}))
    return _encode({**rest.tenant, "account": rest.account})


_encode = msgspec.json.Encoder().encode
