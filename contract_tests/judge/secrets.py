"""Responses that leak a key or a stack trace. Keys were replaced by names, which are sought."""

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
_TRACE = re.compile(
    r"Traceback \(most recent call last\)"
    r"|\bat [\w.$<>]+\([\w.]+\.(?:java|kt|scala):\d+\)"
    r"|\bat [^\n]{0,80}\([^\n()]{1,200}\.[cm]?[jt]s:\d+:\d+\)"
    r"|\bat [\w.`<>]+\([^\n()]{0,200}\) in [^\n]{1,200}:line \d+"
    r"|goroutine \d+ \["
    r"|#0 [^\n]{1,200}\.php\(\d+\)"
    r"|[^\s\"]{1,200}\.rb:\d+:in [`']"
)
"""The first lines of a stack trace: Python, Java, JavaScript, .NET, Go, PHP, Ruby."""


def _traces(exchange: Exchange, operation: str, spec: str) -> Iterator[Finding]:
    """Yield a stack trace in an error, which shows the inside of the server to anybody."""
    if exchange.status < 400:
        return
    text = exchange.response_body.decode("utf-8", "replace")
    found = _TRACE.search(text)
    if found is not None:
        got = shortened(text[max(0, found.start() - _AROUND) :], 160)
        key = (operation, "stack_trace", f"/response/{exchange.status}/body", "shown")
        yield Finding(*key, "assumed", "no stack trace in an error", got, spec, exchange)


def judge(exchange: Exchange, operation: str, spec: str) -> Iterator[Finding]:
    """Yield a stack trace, and a key that the request did not send in its body or URL.

    An unknown key may be repeated.
    """
    yield from _traces(exchange, operation, spec)
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
            yield Finding(*key, ALWAYS, "no key in a response", got, spec, exchange)
