"""An exchange's request as a curl command. Keys are shell variables in it.

In scripts, so are the deployment, ``[base url]``, and values of responses, ``[saved value 1]``.
"""

from __future__ import annotations

import base64
import gzip
import re
import shlex
from urllib.parse import urlsplit

from contract_tests.http.exchange import HOOK, Exchange
from contract_tests.http.redaction import UNKNOWN_KEY
from contract_tests.settings import Settings

OTHER_KEY_ENV = "OTHER_KEY"
HIDDEN = "[secret]"
NO_KEY = "no-such-key"
"""Stands for a key that nobody gave to the kit."""

OF_THE_CLIENT = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "host",
        "transfer-encoding",
        "user-agent",
        "x-schemathesis-testcaseid",
    }
)
"""Headers that are the client's own business."""
_NAME = re.compile(
    rf"\[(api-key|other-key|{UNKNOWN_KEY}|env \w+|key \d+|sk-test [a-z0-9 .-]+"
    r"|token [a-z0-9 .-]+|base url|saved value \d+)\]"
)
_SCHEME = re.compile(r"(?:Bearer |Basic )?")
_TEST_KEY, _TOKEN = "sk-test ", "token "
"""How the names of the mock's keys begin, which are no secrets."""
_MAX_INLINE = 1_000
"""Bodies up to this size are readable in a command line."""


def line(exchange: Exchange, settings: Settings) -> str:
    """Return the command line; a comment for what a hook did."""
    if exchange.method == HOOK:
        return f"# {exchange.url} {exchange.request_body.decode('utf-8', 'replace')}"
    words = ["curl", "-i", *_switches(exchange, settings), *_method(exchange)]
    words.append(_word(exchange.url, settings))
    for name, value in exchange.request_headers:
        if name.lower() not in OF_THE_CLIENT and (name.lower(), value) != ("accept", "*/*"):
            words += _header_words(name, value, settings)
    command, source = _body(exchange, settings)
    return command + " ".join(words + source)


def _switches(exchange: Exchange, settings: Settings) -> list[str]:
    """Return flags that keep curl from changing the URL, and make it trust the deployment."""
    found = []
    if any(character in exchange.url for character in "[]{}"):
        found.append("--globoff")
    path = urlsplit(exchange.url).path.lower()
    if "/." in path or "%2e" in path:
        found.append("--path-as-is")
    if settings.ca_bundle is not None:
        found += ["--cacert", shlex.quote(str(settings.ca_bundle))]
    if settings.client_cert is not None:
        certificate, key = settings.client_cert
        found += ["--cert", shlex.quote(str(certificate))]
        found += ["--key", shlex.quote(str(key))] if key is not None else []
    if settings.proxy is not None:
        found += ["--proxy", shlex.quote(settings.proxy)]
    return found


def _method(exchange: Exchange) -> list[str]:
    if exchange.method == "HEAD":
        return ["--head"]
    implied = "POST" if exchange.request_body else "GET"
    return [] if exchange.method == implied else ["-X", shlex.quote(exchange.method)]


def _body(exchange: Exchange, settings: Settings) -> tuple[str, list[str]]:
    """Return the text before the command, and the words at its end."""
    body = exchange.request_body
    if not body:
        # As every client but curl sends it.
        return "", ["-H", "'Content-Length: 0'"] if exchange.request_header(
            "content-length"
        ) == "0" else []
    # Without one, curl would say that it is a form.
    more = ["-H", "'Content-Type:'"] if exchange.request_header("content-type") is None else []
    if is_inline(body):
        return "", [*more, "--data-raw", _word(body.decode(), settings)]
    packed = base64.b64encode(gzip.compress(body, mtime=0)).decode()
    return f"printf %s {packed} | base64 -d | gunzip | ", [*more, "--data-binary", "@-"]


def is_inline(body: bytes) -> bool:
    """Return whether a body is short text, which stands in the command line as it is."""
    try:
        return len(body) <= _MAX_INLINE and body.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False


def _header_words(name: str, value: str, settings: Settings) -> list[str]:
    auth = settings.auth
    if auth is not None and (name, value) == ("Authorization", f"[env {auth.variable}]"):
        return ["-u", f'{shlex.quote(f"{auth.user}:")}"${auth.variable}"']
    return ["-H", _header(name, value, settings)]


def _header(name: str, value: str, settings: Settings) -> str:
    if not value.strip():
        return shlex.quote(f"{name};")  # curl's way to send a header without a value
    scheme = _SCHEME.match(value)
    found = _NAME.fullmatch(value, scheme.end() if scheme else 0)
    if found and (variable := _variable(found[1], settings)):
        return f'"{name}: {value[: found.start()]}${variable}"'
    if value == HIDDEN:  # a cookie or a token: whoever has one puts it there
        return f'"{name}: ${re.sub("[^A-Z0-9]", "_", name.upper())}"'
    return _word(f"{name}: {value}", settings)


def _word(text: str, settings: Settings) -> str:
    """Text as one word of a shell, names of keys as variables."""
    parts = _NAME.split(_NAME.sub(_public, text))  # text and names in turn
    return "".join(
        f'"${_variable(part, settings)}"' if index % 2 else shlex.quote(part)
        for index, part in enumerate(parts)
        if part
    )


def _public(found: re.Match[str]) -> str:
    """Return the key for a name, if the key is no secret; else the name."""
    if found[1] == UNKNOWN_KEY:
        return NO_KEY
    if found[1].startswith(_TEST_KEY):
        return "sk_test_" + found[1].removeprefix(_TEST_KEY).replace("-", "_")
    return found[1].removeprefix(_TOKEN) if found[1].startswith(_TOKEN) else found[0]


def _variable(name: str, settings: Settings) -> str:
    """Return the variable that holds a key; empty if the key is no secret."""
    if name == UNKNOWN_KEY or name.startswith((_TEST_KEY, _TOKEN)):
        return ""
    if name.startswith("env "):
        return name.removeprefix("env ")
    known = {"api-key": settings.api_key_env, "other-key": settings.other_key_env or OTHER_KEY_ENV}
    return known.get(name, name.upper().replace(" ", "_"))
