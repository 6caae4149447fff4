"""The mock in a test suite: a server in a process of its own, and an object that does what a test wants of it.

The fixture ``billing_mock`` of ``mockserver.pytest_plugin`` hands it out.
"""

from mockserver.testing.errors import BillingMockError
from mockserver.testing.mock import BillingMock
from mockserver.testing.records import (
    CheckoutSession,
    Exchange,
    Fault,
    Message,
    UsageCharge,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from mockserver.testing.server import BillingServer

__all__ = [
    "BillingMock",
    "BillingMockError",
    "BillingServer",
    "CheckoutSession",
    "Exchange",
    "Fault",
    "Message",
    "UsageCharge",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
