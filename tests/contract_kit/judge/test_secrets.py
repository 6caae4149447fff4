"""Secrets that a deployment echoes in every spelling are in no output of the kit."""

from __future__ import annotations

import base64
import gzip
import html
import itertools
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from contract_tests.findings.finding import Finding
from contract_tests.runner import PHASES
from tests.conftest import RunningServer
from tests.contract_kit.exchanges import JudgeHarness, example
from tests.contract_kit.program import PROJECT, kit
from tests.contract_kit.recorder import Received, Responder, http_response, recording
from tests.contract_kit.scenario import running_scenario

KEY, OTHER = 'pl4nted/"k3y"+5up3r%s3cr3t', "th3-0ther_pl4nted.key~of-50mebody"
COOKIE, TOKEN, CLIENT = "c00kie0fTheSessi0n", "t0kenOfTheirGateway", "f0rTheBr0wser0nly"
OTHERS = {
    "webhook": "whsec_pl4ntedWebh00kSecret",
    "live": "sk_live_pl4ntedLiveKey00",
    "restricted": "rk_live_pl4ntedRestricted0",
    "bearer": "Bearer eyJhbGciOi.pl4nted-t0ken.abc",
    "client_secret": f"pi_123_secret_{CLIENT}",
    "card": "4242424242424242",
    "charge": (
        "the card 5555555555554444 was declined, try 4000 0566 5566 5556 or 4000-0566-5566-5556"
    ),
}
HIDDEN = [KEY, OTHER, COOKIE, TOKEN, CLIENT, "pl4nted", "4242424242424242", "5555555555554444"]
HIDDEN += ["4000 0566 5566 5556", "4000-0566-5566-5556"]


def spellings(key: str) -> dict[str, str]:
    """Return the spellings in which a deployment may echo a key."""
    coded = {
        f"base64 {shift}": base64.b64encode(b"u:1"[:shift] + key.encode() + b":end").decode()
        for shift in range(4)
    }
    return coded | {
        "raw": key,
        "capitals": key.upper(),
        "in a URL": quote(key, safe=""),
        "all of it in a URL": "".join(f"%{ord(character):02X}" for character in key),
        "in HTML": html.escape(key),
        "all of it in HTML": "".join(f"&#{ord(character)};" for character in key),
        "all of it in HTML, hexadecimal": "".join(f"&#x{ord(character):x};" for character in key),
        "for URLs": base64.urlsafe_b64encode(key.encode()).decode(),
        "twice": key + key,
        "in the middle": f"before{key}after",
    }


def rare_spellings(key: str) -> dict[str, str]:
    """Return spellings that the search in the outputs finds only as they are."""
    return {
        "twice in a URL": quote("".join(f"%{ord(character):02x}" for character in key), safe=""),
        "the first in a URL": f"%{ord(key[0]):02X}{key[1:]}",
        "hexadecimal": key.encode().hex(),
        "hexadecimal, capitals": f"0{key.encode().hex().upper()}",
        "base32": base64.b32encode(key.encode()).decode(),
        "base32, in the middle": base64.b32encode(b"u:" + key.encode()).decode().lower(),
        "base64 of hexadecimal": base64.b64encode(key.encode().hex().encode()).decode(),
        "backwards": key[::-1],
    }


def escaped(text: str) -> str:
    """Return a JSON string that escapes every character."""
    return '"' + "".join(f"\\u{ord(character):04x}" for character in text) + '"'


def echoing_responses(good: bytes, key: str) -> Iterator[bytes]:
    """Yield responses that echo secrets. Only the first one is a successful response."""
    head, _, body = good.partition(b"\r\n\r\n")
    echoed = {**spellings(key), **rare_spellings(key), **OTHERS}
    loud: dict[str, Any] = {
        "echo": echoed,
        "names": [{spelling: key} for spelling in echoed.values()],
    }
    body_with_secrets = (
        json.dumps(loud)[:-1] + f', "escaped": {escaped(key)}, {escaped(key)}: 1}}'
    ).encode()
    if body.startswith(b"{") and not body.startswith(b"{}"):
        body = body_with_secrets[:-1] + b", " + body[1:]
    more = [
        f"Set-Cookie: session={COOKIE}; Path=/",
        f"Authorization: Basic {TOKEN}",
        f"X-Control-Token: {TOKEN}",
    ]
    more += [
        f"X-Echo: {echoed['raw']}",
        f"X-API-Key: {key}",
        f"Warning: {echoed['base64 2']} {OTHERS['live']}",
    ]
    lines = [
        line
        for line in head.decode().split("\r\n")
        if not line.lower().startswith("content-length:")
    ]
    yield "\r\n".join([*lines, *more, f"Content-Length: {len(body)}", "", ""]).encode() + body
    page = "".join(f"<p>{spelling}</p>" for spelling in echoed.values()).encode()
    problem = [
        {"loc": ["header", key], "msg": f"no {key}", "type": OTHERS["live"], "input": echoed}
    ]
    yield http_response(
        400, json.dumps({"detail": f"no {key}, {echoed['base64 1']}, {OTHERS['charge']}"}).encode()
    )
    yield http_response(422, json.dumps({"detail": problem}).encode())
    yield http_response(
        302,
        Location=(
            f"/login?key={echoed['in a URL']}&next={echoed['base64 0']}"
            f"&{echoed['all of it in a URL']}"
        ),
    )
    yield http_response(500, page, "text/html")
    yield http_response(200, page, "text/plain")
    yield http_response(200, b"\xff\xfe" + body_with_secrets)
    yield http_response(200, gzip.compress(body_with_secrets), Content_Encoding="gzip")
    yield http_response(404, body_with_secrets, f"application/{quote(key, safe='')}")
    yield http_response(200, body_with_secrets)[:-20]


def echoing(forward: Responder, keys: dict[str, str]) -> Responder:
    """Return a responder before the mock that echoes the received key, or a known key."""
    turn = itertools.count()

    def respond(received: Received) -> bytes:
        given = received.header("x-api-key") or ""
        raw = received.raw
        for key, real in keys.items():
            raw = raw.replace(key.encode(), real.encode())
        good = forward(
            Received(received.method, received.target, received.headers, received.body, raw)
        )
        ways = list(echoing_responses(good, given if given in keys else KEY))
        at = next(turn)
        return ways[0] if at % 3 or at < 9 else ways[at // 3 % len(ways)]

    return respond


def revealed(text: str) -> str:
    """Return a text followed by its decoded forms."""
    plain = html.unescape(
        re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    )
    plain = re.sub(r"%([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), plain).replace(
        "\\", ""
    )
    packed = [unpacked(word) for word in set(re.findall(r"[A-Za-z0-9+/_-]{16,}", text))]
    return "\n".join([text, plain, *packed]).lower()


def unpacked(text: str) -> str:
    """Return a text decoded from base64 at every offset."""
    found = []
    for start in range(4):
        part = text[start:].translate(str.maketrans("-_", "+/"))
        data = base64.b64decode(part[: len(part) // 4 * 4])
        if data.startswith(b"\x1f\x8b"):
            data += zlib.decompressobj(31).decompress(data)
        found.append(data.decode("latin-1"))
    return "\n".join(found)


def test_the_search_finds_every_spelling() -> None:
    """The search of the next test would find every echoed spelling."""
    body = base64.b64encode(gzip.compress(json.dumps({"a": KEY}).encode())).decode()
    for text in (
        *spellings(KEY).values(),
        escaped(KEY),
        json.dumps(KEY),
        f"printf %s {body}",
        json.dumps(escaped(KEY)),
    ):
        assert "5up3r" in revealed(f"<<{text}>>"), text


def drivers() -> list[Any]:
    quick = {"reads", "keys"}
    return [pytest.param(name, marks=() if name in quick else pytest.mark.slow) for name in PHASES]


@pytest.mark.slow
@pytest.mark.parametrize("driver", drivers())
def test_no_secret_is_in_any_output_of_a_run(
    driver: str, server: RunningServer, tmp_path: Path
) -> None:
    """Reports, journal, and output of run and cleanup contain no secret, for every driver."""
    keys: dict[str, str] = {}
    variables = {"BILLING_API_KEY": KEY, "OTHER_KEY": OTHER}
    reports = tmp_path / "reports"
    with running_scenario(server.url, tmp_path, lambda forward: echoing(forward, keys)) as scenario:
        keys |= {KEY: scenario.customer.key, OTHER: scenario.other.key}
        words: list[str | Path] = [
            "--allow-irreversible",
            "--other-key-env",
            "OTHER_KEY",
            "--strict",
        ]
        words += [
            "--phases",
            driver,
            "--max-examples",
            "3",
            "--journal",
            scenario.journal,
            "--timeout",
            "5",
            "--settle",
            "0",
        ]
        if driver in ("boundaries", "properties"):
            words += ["--only", "get_balance,create_deposit,update_auto_recharge"]
        words += ["--report", "junit,html,json,sarif,har", "--report-dir", reports]
        outcome = kit("run", scenario.recorder.url, *words, **variables)
        assert outcome.code == 1, outcome.out + outcome.err
        cleaned = kit("cleanup", scenario.journal, **variables)
        assert b"5up3r" in b"".join(request.raw for request in scenario.received)
    texts = {"stdout": outcome.out, "stderr": outcome.err, "cleanup": cleaned.out + cleaned.err}
    texts |= {
        path.name: path.read_bytes().decode("latin-1")
        for path in (*reports.rglob("*.*"), scenario.journal)
        if path.is_file()
    }
    assert len(texts) >= 9
    for name, text in texts.items():
        shown = revealed(text)
        for secret in (KEY, OTHER):
            for spelling, written in {**spellings(secret), **rare_spellings(secret)}.items():
                assert written not in text, f"{name}: {spelling}"
        for secret in HIDDEN:
            at = shown.find(secret.lower())
            assert at < 0, f"{name}: {secret} in {shown[max(0, at - 80) : at + 80]}"
    assert "[api-key]" in texts["traffic.har"]
    found = json.loads(texts["report.json"])["findings"]
    assert any(
        finding["keyword"] == "key_echoed" and finding["grade"] == "failure" for finding in found
    )


# ------------------------------------------------------------- echoed keys are violations


def echoes(harness: JudgeHarness) -> list[Finding]:
    return [finding for finding in harness.found if finding.kind == "secret"]


@pytest.mark.parametrize("shown", ["[api-key]", "[other-key]", "[key 12]"])
def test_a_key_in_a_response_is_a_finding(shown: str) -> None:
    """A key in a body or a header is a failure on any deployment."""
    harness = JudgeHarness()
    harness.respond("get_balance", {**example("get_balance"), "debug": f"asked with {shown}"})
    harness.respond("get_balance", headers={"X-Debug": f"key={shown}"})
    assert [(finding.operation, finding.where, finding.keyword) for finding in echoes(harness)] == [
        ("get_balance", "/response/body", "key_echoed"),
        ("get_balance", "/response/headers/x-debug", "key_echoed"),
    ]
    assert all(shown in finding.got and finding.grade() == "failure" for finding in echoes(harness))


def test_a_key_in_an_error_or_an_undeclared_path_is_a_finding() -> None:
    """Errors and responses of undeclared paths must not contain a key either."""
    harness = JudgeHarness()
    harness.respond("get_balance", {"detail": "no key [api-key]"}, status=401)
    harness.send("GET", "/admin", status=404, body=b'{"detail": "[api-key] may not"}')
    assert [finding.operation for finding in echoes(harness)] == ["get_balance", "GET /admin"]


def test_a_key_that_the_client_sent_as_data_may_be_returned() -> None:
    """A key in a field or a query may be returned as part of that value."""
    harness = JudgeHarness()
    settings = {**example("get_usage_alerts"), "webhook_url": "https://a.example.com/?k=[api-key]"}
    harness.respond("update_usage_alerts", settings, sent={"webhook_url": settings["webhook_url"]})
    harness.respond("list_invoices", query="?kit=[api-key]", headers={"X-Query": "kit=[api-key]"})
    assert echoes(harness) == []


@pytest.mark.parametrize(
    "text", ["[secret]", "[card number]", "[unknown key]", "api-key", "[misspelt key]"]
)
def test_a_value_that_is_no_key_of_the_run_is_no_finding(text: str) -> None:
    """Client secrets are for the browser, and an error may quote a misspelt key."""
    harness = JudgeHarness()
    harness.respond("get_balance", {"detail": f"no {text}"}, status=401)
    harness.respond("get_balance", {"detail": "no [api-key]x"}, status=401, account="unknown key")
    assert echoes(harness) == []


def test_one_response_with_the_key_fails_the_run() -> None:
    """A run fails if the key in one header is the only violation."""
    with recording(
        lambda _: http_response(
            200, json.dumps(example("get_balance")).encode(), X_Debug=f"key {KEY}"
        )
    ) as server:
        outcome = kit(
            "run", server.url, "--phases", "reads", "--only", "get_balance", BILLING_API_KEY=KEY
        )
    assert outcome.code == 1
    assert (
        "a response discloses a key: get_balance  [secret]\n"
        "    get_balance  /response/headers/x-debug  key_echoed\n" in outcome.out
    )
    assert "X-Debug: key [api-key]" in outcome.out


@pytest.mark.parametrize("key", ["sk_test_default", "sk_test_def"])
def test_a_key_that_the_contract_shows_as_a_sample_is_no_secret(tmp_path: Path, key: str) -> None:
    """A 401 names a sample key, which the contract does, too: nothing is disclosed."""
    shown, sample = "Send it in the header 'X-API-Key'.", "Send a key, such as sk_test_default."
    contract = (PROJECT / "spec" / "openapi.yaml").read_text(encoding="utf-8")
    assert shown in contract
    spec = tmp_path / "openapi.yaml"
    spec.write_text(contract.replace(shown, sample), encoding="utf-8")
    refusal = http_response(401, json.dumps({"detail": f"API key is missing. {sample}"}).encode())
    good = http_response(200, json.dumps(example("get_balance")).encode())

    def respond(received: Received) -> bytes:
        return good if received.header("x-api-key") == key else refusal

    with recording(respond) as server:
        words = ["--spec", str(spec), "--phases", "keys,reads", "--only", "get_balance"]
        outcome = kit("run", server.url, *words, BILLING_API_KEY=key)
    assert "[secret]\n" not in outcome.out, outcome.out


def test_a_key_that_only_looks_like_a_sample_is_a_secret() -> None:
    """A test key that the contract does not show belongs to somebody."""
    refusal = http_response(401, json.dumps({"detail": "such as sk_test_51Hplanted"}).encode())
    good = http_response(200, json.dumps(example("get_balance")).encode())

    def respond(received: Received) -> bytes:
        return good if received.header("x-api-key") == "sk_test_51Hplanted" else refusal

    with recording(respond) as server:
        words = ["--phases", "keys", "--only", "get_balance"]
        outcome = kit("run", server.url, *words, BILLING_API_KEY="sk_test_51Hplanted")
    assert "such as [api-key]" in outcome.out
    assert "key_echoed" in outcome.out
