"""Webhook events that did not happen."""

from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from mockserver.control import webhook_views
from mockserver.control.call import Call
from mockserver.engine.body import Json
from mockserver.engine.errors import Unprocessable

MAX_DATA_BYTES = 16_384
"""The size of the data that a request may give, as JSON. The deliveries keep it in memory."""


class MadeUpEvent(Struct, frozen=True):
    """An event that nothing caused."""

    id: str
    type: str
    created_at: datetime
    data: dict[str, Any]
    url: str | None = None
    is_whole: bool = False


def lived(call: Call) -> dict[str, Any] | None:
    """Return the data of the last such event that happened to the caller's account, if known."""
    found = (
        delivery.event.data
        for delivery in reversed([*call.world.webhooks.deliveries])
        if delivery.event.type == call.body["event"]
        and delivery.account_id == call.account_id
        and not isinstance(delivery.event, MadeUpEvent)
    )
    data = next(found, None)
    return None if data is None else dict(data)


def given(call: Call) -> dict[str, Any]:
    """Return the data that the request gives. Raise Unprocessable if it is too large."""
    data: dict[str, Any] = call.body["data"] or {}
    size = len(msgspec.json.encode(data))
    if size > MAX_DATA_BYTES:
        problem = f"The data may have {MAX_DATA_BYTES:,} bytes as JSON, and has {size:,}"
        raise Unprocessable([{"loc": ["body", "data"], "msg": problem, "type": "value_error"}])
    return data


def publish(call: Call, data: dict[str, Any]) -> Json:
    """Publish an event that did not happen to the caller's account."""
    world, kind = call.world, call.body["event"]
    source = f"{kind}:{world.webhooks.count_event()}".encode()
    id = "evt_" + blake2b(source, digest_size=12).hexdigest()
    account_id = call.account_id or "none"
    deliveries = world.webhooks.publish(
        account_id, [MadeUpEvent(id, kind, world.clock.now(), data)]
    )
    shown = [webhook_views.delivery(delivery, world.redactor) for delivery in deliveries]
    return {"event_id": id, "account_id": account_id, "deliveries": shown}
