"""Renders webhook endpoints and deliveries for the control API."""

from datetime import datetime
from typing import Any

import orjson
from msgspec.structs import asdict

from mockserver.engine.redaction import Redactor
from mockserver.engine.render import optional_timestamp, timestamp
from mockserver.webhooks.delivery import Attempt, Delivery
from mockserver.webhooks.endpoint import Endpoint

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


def delivery(delivery: Delivery, redactor: Redactor) -> Json:
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
        "raw_body": delivery.body.decode(),
        "attempts": [_attempt(attempt, redactor) for attempt in delivery.attempts],
    }


def settled(is_settled: bool, pending: int, next_attempt_at: datetime | None) -> Json:
    return {
        "settled": is_settled,
        "pending": pending,
        "next_attempt_at": optional_timestamp(next_attempt_at),
    }


def _attempt(attempt: Attempt, redactor: Redactor) -> Json:
    has_response = attempt.status is not None
    return {
        "at": timestamp(attempt.at),
        "duration_ms": attempt.duration_ms,
        "request_headers": attempt.headers,
        "response_status": attempt.status,
        "response_body": redactor.text(attempt.response_body.decode("utf-8", "replace"))
        if has_response
        else None,
        "error": attempt.error,
    }
