"""The callers of the Billing API: the account of a test key, and its rate limit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from mockserver.billing.account import Account
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.accounts.store import Tenant
from mockserver.billing.api import rate_limits
from mockserver.billing.api.rate_limits import Allowance
from mockserver.billing.context import Context
from mockserver.engine.errors import Refusal

ORGANIZATION = "X-Organization-Id"


class BillingCaller(Struct):
    """The sender of one request.

    ``key`` is empty if the request carries no key and the operation requires none. Such a caller
    has no account.
    """

    _accounts: Accounts
    key: str
    _warnings: list[str]
    _is_limited: bool
    tenant: Tenant | None = None
    """The key's own account, once it is open."""
    allowance: Allowance | None = None
    _target: Account | None = None
    """The account that the request may change: the key's own, or an organization's."""

    @property
    def account_id(self) -> str | None:
        """The id of the key's own account, even if the request names an organization."""
        return self.tenant.account.id if self.tenant is not None else None

    def enter(self, now: datetime, *, is_write: bool) -> None:
        """Open the account and take the request's rate-limit tokens. Raise Refusal if it has none.

        The limit is enforced if the server was started so, or if the persona has its own limit.
        """
        if not self.key:
            return
        tenant = self.tenant = self._accounts.tenant(self.key)
        if tenant.was_evicted:
            self._warn(tenant)
        is_enough, self.allowance = rate_limits.spend(tenant, now, write=is_write)
        if not is_enough and (self._is_limited or tenant.requests_per_minute is not None):
            raise rate_limits.refusal(rate_limits.retry_after(self.allowance, now))

    def peek(self, now: datetime) -> None:  # noqa: ARG002 (other APIs may need the time)
        """Open the account without taking tokens."""
        if self.key:
            self.tenant = self._accounts.tenant(self.key)

    def context(self, params: Mapping[str, Any], now: datetime) -> Context | None:
        """Return the context of the caller's account, or of the organization that is named.

        Raise NotAMember if the caller does not belong to the organization.
        """
        tenant = self.tenant
        if tenant is not None and tenant.was_evicted:  # opened by peek(), as the control API does
            self._warn(tenant)
        organization = params.get(ORGANIZATION)
        if organization is not None:
            tenant = self._accounts.organization(self.key, organization)
        if tenant is None:
            return None
        self._target = tenant.account
        return self._accounts.context(tenant, now=now)

    def allowance_at(self, now: datetime) -> Allowance:
        """Return what the request has left; if it took no tokens, what it would have."""
        if self.allowance is not None:
            return self.allowance
        if self.tenant is not None:
            return rate_limits.peek(self.tenant, now)
        return rate_limits.anonymous(now)

    def throttle(self, now: datetime, seconds: int | None) -> Refusal:
        """Return a 429, and set the remaining tokens to zero.

        The request may be retried after ``seconds``, by default in the next minute.
        """
        allowance = self.allowance_at(now)
        if seconds is None:
            seconds = rate_limits.retry_after(allowance, now)
        reset = int(now.timestamp()) + seconds
        self.allowance = Allowance(allowance.limit, 0, reset)
        return rate_limits.refusal(seconds)

    def _warn(self, tenant: Tenant) -> None:
        """Warn once that the account is a new one."""
        tenant.was_evicted = False
        self._warnings.append(
            "The earlier account of this key was evicted, because more than "
            f"{self._accounts.max_accounts:,} accounts were used. This is a new account. "
            "Start the mock with a larger --max-accounts to keep more."
        )

    def leave(self) -> None:
        """Publish the events of the account that the request may have changed."""
        if self._target is not None and self._target.events:
            self._accounts.publish_of(self._target)
