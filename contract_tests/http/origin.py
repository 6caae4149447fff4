"""Recognises responses that the API itself did not send: of a gateway, a firewall or a login page.

Assumed of an API that speaks JSON. A contract that declares the media type knows better.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urljoin, urlsplit

Origin = Literal["api", "gateway", "waf", "login"]

GATEWAY_STATUSES = frozenset({502, 503, 504, *range(520, 528), 530})
"""Statuses with which a gateway says that the API did not respond; from 520 on Cloudflare's."""
_FIREWALL_STATUSES = frozenset({401, 403, 406, 429})
_HTML = ("text/html", "application/xhtml+xml")
_BEGINNINGS = (b"<!doctype html", b"<html")
_READ = 8_192
"""How much of a body is looked at, in bytes."""
_LOGIN_PATHS = r"/(?:login|signin|sign-in|sso|saml2?|oauth2?)\b"
_LOGIN_PATH = re.compile(_LOGIN_PATHS, re.IGNORECASE)
_LOGIN_PAGE = re.compile(rb"type\s*=\s*[\"']?password|" + _LOGIN_PATHS.encode(), re.IGNORECASE)
_GATEWAY_PAGE = re.compile(
    rb"<center>\s*(?:nginx|openresty|cloudflare|tengine)|<address>Apache|haproxy|varnish|envoy"
    rb"|upstream connect error|Application Gateway|<H1>\s*50[234]|no server is available",
    re.IGNORECASE,
)
_FIREWALL_PAGE = re.compile(
    rb"cloudflare|incapsula|imperva|akamai|sucuri|mod_?security|web application firewall"
    rb"|request (?:was )?(?:blocked|rejected)|access denied|captcha|attention required",
    re.IGNORECASE,
)
_FIREWALL_HEADERS = frozenset(
    {"cf-ray", "cf-mitigated", "x-amzn-waf-action", "x-iinfo", "x-sucuri-id", "x-akamai-request-id"}
)
_FIREWALL_SERVERS = re.compile(
    r"cloudflare|akamai|imperva|sucuri|awselb|bigip|barracuda", re.IGNORECASE
)


def origin_of(url: str, status: int, headers: Mapping[str, str], body: bytes) -> Origin:
    """Return who sent a response. The names of its headers are in lower case."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json") or status < 200:
        return "api"
    if 300 <= status < 400:
        return "login" if _leads_to_login(url, headers.get("location", "")) else "api"
    page = body[:_READ]
    is_html = kind in _HTML or page[:15].lstrip().lower().startswith(_BEGINNINGS)
    if is_html and (status in _FIREWALL_STATUSES or status < 300) and _LOGIN_PAGE.search(page):
        return "login"
    if status in _FIREWALL_STATUSES and (is_html or _is_of_firewall(headers, page)):
        return "waf"
    is_of_gateway = (
        is_html or not _is_json(page)
        if status in GATEWAY_STATUSES
        else status >= 400 and is_html and _GATEWAY_PAGE.search(page)
    )
    return "gateway" if is_of_gateway else "api"


def _leads_to_login(url: str, location: str) -> bool:
    """Return whether a redirect leads to another host, or to a path that logs in."""
    try:
        target = urlsplit(urljoin(url, location))
        is_elsewhere = target.hostname != urlsplit(url).hostname
    except ValueError:
        return False
    return is_elsewhere or bool(_LOGIN_PATH.search(target.path))


def _is_of_firewall(headers: Mapping[str, str], page: bytes) -> bool:
    if _is_json(page):
        return False
    return (
        not _FIREWALL_HEADERS.isdisjoint(headers)
        or _FIREWALL_SERVERS.search(headers.get("server", "")) is not None
        or _FIREWALL_PAGE.search(page) is not None
    )


def _is_json(page: bytes) -> bool:
    return page.lstrip()[:1] in (b"{", b"[")
