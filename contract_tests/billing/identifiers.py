"""The identifiers of the Billing API that belong to a single account."""

from __future__ import annotations

import re

from contract_tests.knowledge import Identifiers

ORGANIZATION = "X-Organization-Id"

IDENTIFIERS = Identifiers(
    pattern=re.compile(
        r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?:cs|bps|seti)_[A-Za-z0-9_]{8,}"
    ),
    shared=frozenset({"organization_id", "detail", "message", "action"}),
    scope_header=ORGANIZATION,
)
