"""The names of what can be turned on: legal deviations, faults and noise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

SWITCHES = {
    "plain_fastapi": "What FastAPI and Pydantic do by default: see the switches that it implies.",
    "lax_types": "JSON types are coerced: `'true'`, `1` and `'5000'` are accepted.",
    "nan_accepted": "NaN and Infinity in a body are valid JSON, as in Python.",
    "media_type_ignored": "A body of another media type gives 422 instead of 415.",
    "size_unlimited": "A body above 1 MB is read.",
    "published_fields": "Responses have only the fields that the Billing page shows.",
    "extra_fields": "Every response has two more fields.",
    "deposit_201": "POST /deposit returns 201.",
    "created_201": "POST /payment-methods and /checkout return 201.",
    "error_message": "Errors are `{error, message}`.",
    "problem_json": "Errors are `application/problem+json`.",
    "terse_errors": "Errors have other, shorter messages.",
    "no_rate_limit_headers": "There are no `X-RateLimit-*` headers.",
    "no_balance_headers": "There are no `X-AlterLab-Balance*` headers.",
    "organization_balance_header": "`X-AlterLab-Balance` is the balance of the organization.",
    "unauthorized_403": "A missing or unknown key gives 403.",
    "invalid_400": "An invalid request gives 400 instead of 422.",
    "foreign_organization_404": "An organization of others gives 404 instead of 403.",
    "declined_card_400": "A declined card gives 400 instead of 402.",
    "head_405": "HEAD is not supported.",
    "no_allow": "A 405 has no `Allow` header.",
    "partial_allow": "The `Allow` header names only some methods of the path.",
    "html_405": "The 405 and 404 of the router are HTML pages.",
    "unknown_path_401": "An unknown path without a key gives 401.",
    "exp_month_text": "`card_exp_month` is text with two digits.",
    "bonus_value_text": "`bonus_value` is text: `10%`.",
    "masked_destination_null": "`masked_destination` is null.",
    "usage_trend_null": "`usage_trend` is null.",
    "null_fields_omitted": "Fields that are null are left out.",
    "oldest_first": "Lists are sorted oldest first.",
    "newest_card_default": "A card that is added becomes the default.",
    "known_card_returned": "Adding the same card again returns it with 200 instead of 409.",
    "foreign_card_kept": "Disabled settings may name a card that is not on the account.",
    "prefixed_ids": "Ids are `card_...`, `txn_...` instead of UUIDs.",
    "live_session_ids": "Checkout sessions are `cs_live_...`.",
    "microsecond_timestamps": "Timestamps have six decimals.",
    "second_timestamps": "Timestamps have no decimals.",
    "offset_timestamps": "Timestamps end with `+00:00`.",
    "period_in_words": "The chart's `period` is `30 days` instead of `30d`.",
    "sparse_audit": "No audit entries for setup intents, portal sessions and a DELETE of nothing.",
    "other_audit_names": "Actions in the audit log are named `card:added`, `usage-alerts:updated`.",
    "rolling_trend": "The usage trend compares the last 168 hours with the 168 before.",
    "large_pages": "`limit` and `per_page` may be up to 1,000.",
    "small_pages": "`limit` and `per_page` may be at most 50.",
    "limit_clamped": "A `limit` that is too large is lowered to 100.",
    "unknown_fields_refused": "An unknown field in a body gives 422.",
    "delete_204": "DELETE returns 204 without a body.",
    "delete_idempotent": "Removing a card that was removed before gives 200.",
    "slash_redirects": "A path with a slash at its end is redirected to the one without.",
    "gzip": "Responses are compressed.",
    "charset": "The media type is `application/json; charset=utf-8`.",
    "title_case_headers": "The names of response headers are in title case.",
    "new_plan": "The catalogue has one more plan, and the first account is on it.",
    "new_tier": "The tier is `enterprise`.",
    "new_brand": "Cards have the brand `cartes_bancaires`.",
}
_PLAIN = {
    "lax_types",
    "nan_accepted",
    "media_type_ignored",
    "size_unlimited",
    "no_rate_limit_headers",
    "no_balance_headers",
    "head_405",
    "partial_allow",
    "slash_redirects",
}

FAULTS = {
    "balance_drift": "The balance is one microcent above the sum of the ledger.",
    "balance_without_bonus": "The balance leaves out bonuses.",
    "spent_off_by_one": "`total_spent_cents` is one cent too high.",
    "refunds_spent": "`total_spent_cents` does not subtract refunds.",
    "bonus_deposited": "`total_deposited_cents` includes bonuses.",
    "tier_of_deposits": "The tier follows from what was deposited.",
    "chain_broken": "`balance_after_microcents` of a recharge is the balance before it.",
    "display_differs": "`balance_display` is a dollar below the balance.",
    "amount_display_unsigned": "`amount_display` of a charge has no minus.",
    "threshold_display_of_amount": "`threshold_display` shows the recharge amount.",
    "deposit_display_off": "`amount_display` of a deposit is one cent too high.",
    "invoice_display_of_dollars": "`amount_display` of an invoice reads cents as dollars, twice.",
    "has_more_on_full_page": "`has_more` of the ledger is true whenever the page is full.",
    "has_more_never": "`has_more` of the audit log is always false.",
    "total_of_page": "`total` of the recent activity counts the page.",
    "pages_overlap": "A ledger page begins with the last entry of the page before.",
    "pages_skip": "An audit log page leaves out its first entry.",
    "local_days": "The days of the chart are those of UTC-8.",
    "chart_skips_empty_days": "The chart leaves out days without usage.",
    "breakdown_omits_crawl": "The breakdown counts no credits for crawls.",
    "cost_per_credit_off": "The breakdown's cost is 20,001 microcents for a credit.",
    "realtime_month_of_35_days": "The real-time month is the last 35 days.",
    "attempt_after_wrong": "A successful recharge did not raise the balance.",
    "invoices_missing": "The invoices of recharges are missing.",
    "card_of_others_removed": "DELETE removes another account's card.",
    "default_of_others": "Another account's card can be made its default.",
    "cards_of_others": "The card list includes a card of another account.",
    "invoices_cached_by_path": "GET /invoices is cached for 60 seconds, for all accounts.",
    "organization_unchecked": "`X-Organization-Id` is served whoever asks.",
    "audit_of_everybody": "The audit log has the entries of all accounts.",
    "challenge_of_others": "A challenge of another account can be confirmed.",
    "webhook_url_of_others": "PUT /usage-alerts sets the `webhook_url` of all accounts.",
    "put_not_stored": "PUT /auto-recharge returns 200 and stores nothing.",
    "put_merges": "PUT /auto-recharge keeps what is left out.",
    "webhook_url_lost": "PUT /usage-alerts does not change `webhook_url`.",
    "puts_mixed": "Two PUT /auto-recharge at the same time leave a mixture of both.",
    "plan_charged_twice": "A plan that is started is credited and invoiced twice.",
    "disable_forgets": "DELETE /auto-recharge resets the threshold and the amount.",
    "card_added_twice": "Adding a card attaches it twice.",
    "refused_put_stores": "A PUT /auto-recharge that is refused with 400 changes the threshold.",
    "refused_put_toggles": "A PUT /usage-alerts that is refused with 422 toggles `email_enabled`.",
    "default_lost": "Removing the default card leaves the account without a default.",
    "card_in_use_removed": "A card that enabled auto-recharge names can be removed.",
    "removed_twice": "Two removals of a card at the same time both return 200.",
    "two_defaults": "Two changes of the default at the same time leave two defaults.",
    "promo_twice": "A promo code is good for several deposits.",
    "code_twice": "A verification code succeeds any number of times.",
    "confirmed_twice": "Two confirmations of a code at the same time both succeed.",
    "attempts_unlimited": "A challenge is not locked after five wrong codes.",
    "paid_twice": "Paying a session again credits it again.",
    "deposit_credited_unpaid": "A deposit is credited before it is paid.",
    "deposit_minimum_off": "A deposit of 999 cents is accepted.",
    "crash_on_odd_input": "A promo code that is not ASCII gives 500.",
    "chart_without_key": "GET /usage-chart needs no key.",
    "key_prefix_accepted": "The first 20 characters of a key are enough.",
    "key_case_ignored": "Keys are compared without regard to case.",
    "allocation_missing": "`credits_allocated` is missing.",
    "total_credits_text": "`total_credits` is text.",
    "check_of_default_card": "The auto-recharge check ignores the specified card.",
    "audit_misses_removals": "The removal of a card is not in the audit log.",
    "stale_balance": "The balance is up to 30 seconds old.",
}

NEED_ADAPTERS = frozenset(
    {"challenge_of_others", "code_twice", "confirmed_twice", "paid_twice", "promo_twice"}
)
"""Faults that show only to a kit that can read the code that was sent, or pay a session."""

NOISE = {
    "lag": "Reads come from a replica that is about a second behind; `lag=2` for two.",
    "gateway_502": "2 % of the responses are a load balancer's 502; `gateway_502=5` for 5 %.",
    "rate_limit": "429 without `Retry-After` after 600 requests a minute; `rate_limit=60` for 60.",
    "live_account": "The first account is charged every 5 seconds; `live_account=2` for every 2.",
    "waf": "A firewall gives a 403 page on odd input.",
}
_AMOUNTS = {"lag": 1.0, "gateway_502": 2.0, "rate_limit": 600.0, "live_account": 5.0, "waf": 1.0}


@dataclass(frozen=True)
class Deviations:
    """What is turned on, and the amounts of noise."""

    names: frozenset[str] = frozenset()
    amounts: dict[str, float] = field(default_factory=lambda: dict(_AMOUNTS))

    @classmethod
    def of(cls, switches: Iterable[str], faults: Iterable[str], noise: Iterable[str]) -> Deviations:
        """Return the deviations with these names; raise ValueError for an unknown one."""
        amounts, names = dict(_AMOUNTS), set()
        for text, known in [
            *((name, SWITCHES) for name in switches),
            *((name, FAULTS) for name in faults),
            *((name, NOISE) for name in noise),
        ]:
            name, _, amount = text.partition("=")
            if name not in known:
                raise ValueError(f"unknown name: {name}")
            names.add(name)
            if amount:
                amounts[name] = float(amount)
        if "plain_fastapi" in names:
            names |= _PLAIN
        return cls(frozenset(names), amounts)
