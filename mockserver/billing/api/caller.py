"""Who calls the Billing API: the account of a test key, and its rate limit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mockserver.billing.account import Account
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.accounts.store import Tenant
from mockserver.billing.api import rate_limits
from mockserver.billing.api.rate_limits import Allowance
from mockserver.billing.context import Context
from mockserver.engine.errors import Refusal

ORGANIZATION = "X-Organization-Id"


class BillingCaller:
    """The sender of one request. ``key`` is empty where an operation needs none and none is sent."""

    __slots__ = ("_accounts", "_acting", "_is_limited", "allowance", "key", "tenant")

    def __init__(self, accounts: Accounts, key: str, *, is_limited: bool) -> None:
        self._accounts = accounts
        self._is_limited = is_limited
        self.key = key
        self.tenant: Tenant | None = None
        self.allowance: Allowance | None = None
        self._acting: Account | None = None
        """The account that the request may change: the key's own, or an organization's."""

    @property
    def account_id(self) -> str | None:
        """The id of the key's own account, also where the request names an organization."""
        return self.tenant.account.id if self.tenant is not None else None

    def enter(self, now: datetime, *, is_write: bool) -> None:
        """Open the account and take its rate-limit tokens. Raises Refusal beyond the limit.

        The limit is enforced on request, or where a persona has one of its own.
        """
        if not self.key:
            return
        tenant = self.tenant = self._accounts.tenant(self.key)
        is_enough, self.allowance = rate_limits.spend(tenant, now, write=is_write)
        if not is_enough and (self._is_limited or tenant.requests_per_minute is not None):
            raise rate_limits.refusal(rate_limits.retry_after(self.allowance, now))

    def peek(self, now: datetime) -> None:
        """Open the account and take no tokens."""
        if self.key:
            self.tenant = self._accounts.tenant(self.key)
            self.allowance = rate_limits.peek(self.tenant, now)

    def context(self, params: Mapping[str, Any], now: datetime) -> Context | None:
        """Return the context of the caller's account, or of the organization that is named.

        Raises NotAMember.
        """
        organization = params.get(ORGANIZATION)
        tenant = self.tenant
        if organization is not None:
            tenant = self._accounts.organization(self.key, organization)
        if tenant is None:
            return None
        self._acting = tenant.account
        return self._accounts.context(tenant, now=now)

    def throttle(self, now: datetime, seconds: int | None) -> Refusal:
        """Return the 429 of a caller whose tokens are used up, and show none as remaining."""
        allowance = self.allowance or rate_limits.anonymous(now)
        if seconds is None:
            seconds = rate_limits.retry_after(allowance, now)
        reset = int(now.timestamp()) + seconds
        self.allowance = allowance._replace(remaining=0, reset=reset)
        return rate_limits.refusal(seconds)

    def leave(self) -> None:
        """Publish the events of the account that the request may have changed."""
        if self._acting is not None and self._acting.events:
            self._accounts.publish_of(self._acting)
