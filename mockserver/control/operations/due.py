"""What falls due on the mock's clock."""

from mockserver.control.call import Call
from mockserver.engine.body import Json
from mockserver.engine.render import timestamp


def list_due_work(call: Call) -> Json:
    """List the next attempts of webhook deliveries."""
    account_id = call.account_id
    deliveries = [
        (delivery.next_attempt_at, delivery)
        for delivery in call.world.webhooks.deliveries
        if delivery.next_attempt_at is not None and account_id in (None, delivery.account_id)
    ]
    found = [
        {
            "at": timestamp(moment),
            "kind": "webhook",
            "account_id": delivery.account_id,
            "title": f"Attempt {len(delivery.attempts) + 1} of {delivery.event.type}",
        }
        for moment, delivery in deliveries
    ]
    return {"due": sorted(found, key=lambda work: work["at"])}
