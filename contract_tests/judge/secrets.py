"""Responses that leak a key. Keys were replaced by names, so names are searched for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import Exchange
from contract_tests.http.redaction import UNKNOWN_KEY
from contract_tests.judge.response import ALWAYS
from contract_tests.openapi.contract import escape
from contract_tests.text import shortened

_KEY = re.compile(r"\[(?:api-key|other-key|key \d+)\]")
_AROUND = 60


def judge(exchange: Exchange, operation: str, spec: str) -> Iterator[Finding]:
    """Yield a key in a response, unless the request's body or URL had it or it is unknown."""
    if exchange.account == UNKNOWN_KEY:
        return
    sent = {
        *_KEY.findall(exchange.url),
        *_KEY.findall(exchange.request_body.decode("utf-8", "replace")),
    }
    texts = [
        (f"/headers/{escape(name.lower())}", f"{name}: {value}")
        for name, value in exchange.response_headers
    ]
    for where, text in [*texts, ("/body", exchange.response_body.decode("utf-8", "replace"))]:
        found = next((each for each in _KEY.finditer(text) if each[0] not in sent), None)
        if found is not None:
            got = shortened(text[max(0, found.start() - _AROUND) : found.end() + _AROUND], 160)
            key = (operation, "secret", f"/response{where}", "key_echoed")
            yield Finding(*key, ALWAYS, "no key in an answer", got, spec, exchange)
