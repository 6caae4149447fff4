"""The bodies of requests: their models, and reading them."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NoReturn

from fastapi import Request
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from tests.staging.errors import Refusal, problem
from tests.staging.site import Site

_MOST_BYTES = 1_000_000
_URI = re.compile(
    r"https?://([\w.~!$&'()*+,;=:%-]*@)?([\w.~%!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(:\d*)?"
    r"([/?#]([\w.~:/?#@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})*)?",
    re.ASCII,
)


def _uri(text: str) -> str:
    if not _URI.fullmatch(text):
        raise ValueError("Input should be a valid URL")
    return text


_Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2048)]
_WebhookUrl = Annotated[str, Field(pattern="^https?://", max_length=2048), AfterValidator(_uri)]
_StripeId = Annotated[str, Field(pattern="^pm_[A-Za-z0-9_]+$", max_length=255)]
_Threshold = Annotated[int, Field(ge=0, le=200_000_000_000)]
_Amount = Annotated[int, Field(ge=2_500, le=200_000)]
_Price = Annotated[str, Field(min_length=1, max_length=255)]
_Code = Annotated[str, Field(min_length=1, max_length=64)]


class Deposit(BaseModel):
    amount_cents: Annotated[int, Field(ge=1_000, le=200_000)]
    success_url: _Url | None = None
    cancel_url: _Url | None = None
    promo_code: _Code | None = None
    auto_recharge_enabled: bool = False
    auto_recharge_threshold_microcents: _Threshold | None = None
    auto_recharge_amount_cents: _Amount | None = None


class SmallDeposit(Deposit):
    amount_cents: Annotated[int, Field(ge=999, le=200_000)]


class Checkout(BaseModel):
    price_id: _Price
    success_url: _Url
    cancel_url: _Url
    mode: str = "subscription"


class AutoRecharge(BaseModel):
    enabled: bool = False
    threshold_microcents: _Threshold = 500_000_000
    recharge_amount_cents: _Amount = 5_000
    stripe_payment_method_id: _StripeId | None = None
    consent_text: Annotated[str, Field(max_length=5_000)] | None = None
    consent_source: Literal["deposit_flow", "success_page", "settings"] | None = None
    terms_version: Annotated[str, Field(max_length=64)] | None = None


class Card(BaseModel):
    payment_method_id: _StripeId


class Promo(BaseModel):
    code: _Code


class PlanChange(BaseModel):
    price_id: _Price


class Alerts(BaseModel):
    enabled: bool = True
    threshold_50_enabled: bool = False
    threshold_75_enabled: bool = True
    threshold_90_enabled: bool = True
    threshold_100_enabled: bool = True
    email_enabled: bool = True
    webhook_url: _WebhookUrl | None = None


class Initiation(BaseModel):
    action: Annotated[str, Field(min_length=1, max_length=64)]
    method: Annotated[str, Field(max_length=16)] = "email"


class Confirmation(BaseModel):
    challenge_id: Annotated[str, Field(max_length=64)]
    code: Annotated[str, Field(min_length=1, max_length=16)]


@dataclass(frozen=True, slots=True)
class Wish:
    """A valid body: the value of every field, and which of them were sent."""

    values: dict[str, Any]
    sent: set[str]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def _invalid(place: list[str | int], message: str, kind: str) -> Refusal:
    return Refusal(422, [problem(place, message, kind)])


def _not_a_number(name: str) -> NoReturn:
    raise ValueError(name)


def _decoded(site: Site, raw: bytes) -> Any:
    constant: Callable[[str], Any] = float if site.on("nan_accepted") else _not_a_number
    try:
        return json.loads(raw.decode(), parse_constant=constant)
    except json.JSONDecodeError as error:
        message = f"JSON decode error: {error.msg}"
        raise _invalid(["body", error.pos], message, "json_invalid") from None
    except (ValueError, RecursionError):
        raise _invalid(["body", 0], "JSON decode error", "json_invalid") from None


async def _raw(request: Request, site: Site) -> bytes:
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _MOST_BYTES and not site.on("size_unlimited"):
            raise Refusal(413, "Request body is too large: at most 1,000,000 bytes.")
    return raw


def _validated(site: Site, model: type[BaseModel], data: Any) -> Wish:
    if model is Deposit and site.on("deposit_minimum_off"):
        model = SmallDeposit
    problems = []
    if site.on("unknown_fields_refused") and isinstance(data, dict):
        problems = [
            problem(["body", name], "Extra inputs are not permitted", "extra_forbidden")
            for name in data.keys() - model.model_fields.keys()
        ]
    try:
        wish = model.model_validate(data, strict=not site.on("lax_types"))
    except ValidationError as error:
        problems += [
            problem(["body", *entry["loc"]], entry["msg"], entry["type"])
            for entry in error.errors(include_url=False, include_context=False)
        ]
    if problems:
        raise Refusal(422, problems)
    return Wish(wish.model_dump(), wish.model_fields_set)


def body(
    model: type[BaseModel], *, optional: bool = False
) -> Callable[[Request], Awaitable[Wish | None]]:
    """Return a dependency that reads and validates a body."""

    async def read(request: Request) -> Wish | None:
        site: Site = request.app.state.site
        raw = await _raw(request, site)
        if not raw:
            if optional:
                return None
            raise _invalid(["body"], "Field required", "missing")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            if site.on("media_type_ignored"):
                message = "Input should be a valid dictionary or object to extract fields from"
                raise _invalid(["body"], message, "model_attributes_type")
            message = "Unsupported media type. Send JSON with 'Content-Type: application/json'."
            raise Refusal(415, message)
        return _validated(site, model, _decoded(site, raw))

    return read
