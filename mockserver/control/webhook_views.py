"""Webhooks as the control API writes them."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from mockserver.api.render import optional_timestamp, timestamp
from mockserver.billing.account import Account
from mockserver.control import redaction
from mockserver.webhooks.delivery import Attempt, Delivery
from mockserver.webhooks.endpoint import Endpoint
from mockserver.world import World

Json = dict[str, Any]


def endpoint(endpoint: Endpoint) -> Json:
    queue = endpoint.queue
    return {
        "id": endpoint.id,
        "url": queue.target.url,
        "secret": queue.secret,
        "account_id": endpoint.account_id,
        "events": sorted(endpoint.events),
        "modes": asdict(endpoint.modes),
        "pending": sum(1 for _ in queue.pending()),
        "delivered": queue.counts["delivered"],
        "failed": queue.counts["failed"],
        "dropped": queue.counts["dropped"],
        "created_at": timestamp(endpoint.created_at),
    }


def usage_alerts(account: Account, world: World) -> Json:
    url = account.usage_alerts.webhook_url
    return {
        "url": url,
        "secret": world.webhooks.direct_secret(account.id),
        "refused": world.webhooks.refusal(url) if url is not None else None,
    }


def delivery(delivery: Delivery) -> Json:
    return {
        "id": delivery.id,
        "endpoint_id": delivery.endpoint_id,
        "account_id": delivery.account_id,
        "event": delivery.event.type,
        "event_id": delivery.event.id,
        "url": delivery.url,
        "status": delivery.status,
        "reason": delivery.reason,
        "replay_of": delivery.replay_of,
        "created_at": timestamp(delivery.created_at),
        "next_attempt_at": optional_timestamp(delivery.next_attempt_at),
        "body": orjson.loads(delivery.body),
        "attempts": [_attempt(each) for each in delivery.attempts],
    }


def settled(is_settled: bool, pending: int, next_attempt_at: datetime | None) -> Json:
    return {
        "settled": is_settled,
        "pending": pending,
        "next_attempt_at": optional_timestamp(next_attempt_at),
    }


def _attempt(attempt: Attempt) -> Json:
    is_answered = attempt.status is not None
    return {
        "at": timestamp(attempt.at),
        "duration_ms": attempt.duration_ms,
        "request_headers": attempt.headers,
        "response_status": attempt.status,
        "response_body": redaction.text(attempt.response_body.decode("utf-8", "replace"))
        if is_answered
        else None,
        "error": attempt.error,
    }
