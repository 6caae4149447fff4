"""The mock in a test suite: ``BillingServer`` runs it as a process, ``BillingMock`` controls it.

The fixture ``billing_mock`` of ``mockserver.pytest_plugin`` returns a ``BillingMock``.
"""

from mockserver.testing.errors import BillingMockError
from mockserver.testing.mock import BillingMock
from mockserver.testing.records import (
    CheckoutSession,
    Exchange,
    Fault,
    Message,
    Refund,
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
    "Refund",
    "UsageCharge",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
