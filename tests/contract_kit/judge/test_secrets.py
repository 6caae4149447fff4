"""Planted secrets: a deployment that says the key again in every way it can, and nothing that the kit leaves has it."""

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
from tests.contract_kit.program import kit
from tests.contract_kit.recorder import Answerer, Received, answer, recording
from tests.contract_kit.scene import scene

KEY, OTHER = 'pl4nted/"k3y"+5up3r%s3cr3t', "th3-0ther_pl4nted.key~of-50mebody"
COOKIE, TOKEN, CLIENT = "c00kie0fTheSessi0n", "t0kenOfTheirGateway", "f0rTheBr0wser0nly"
OTHERS = {
    "webhook": "whsec_pl4ntedWebh00kSecret",
    "live": "sk_live_pl4ntedLiveKey00",
    "restricted": "rk_live_pl4ntedRestricted0",
    "bearer": "Bearer eyJhbGciOi.pl4nted-t0ken.abc",
    "client_secret": f"pi_123_secret_{CLIENT}",
    "card": "4242424242424242",
    "charge": "the card 5555555555554444 was declined, try 4000 0566 5566 5556 or 4000-0566-5566-5556",
}
HIDDEN = [KEY, OTHER, COOKIE, TOKEN, CLIENT, "pl4nted", "4242424242424242", "5555555555554444"]
HIDDEN += ["4000 0566 5566 5556", "4000-0566-5566-5556"]


def spellings(key: str) -> dict[str, str]:
    """The ways in which a deployment may say a key again."""
    coded = {
        f"base64 {shift}": base64.b64encode(b"u:1"[:shift] + key.encode() + b":end").decode()
        for shift in range(4)
    }
    return coded | {
        "raw": key,
        "capitals": key.upper(),
        "in a URL": quote(key, safe=""),
        "all of it in a URL": "".join(f"%{ord(each):02X}" for each in key),
        "in HTML": html.escape(key),
        "all of it in HTML": "".join(f"&#{ord(each)};" for each in key),
        "all of it in HTML, hexadecimal": "".join(f"&#x{ord(each):x};" for each in key),
        "for URLs": base64.urlsafe_b64encode(key.encode()).decode(),
        "twice": key + key,
        "in the middle": f"before{key}after",
    }


def escaped(text: str) -> str:
    """A JSON string with an escape for each character."""
    return '"' + "".join(f"\\u{ord(each):04x}" for each in text) + '"'


def answers(good: bytes, key: str) -> Iterator[bytes]:
    """Ways to answer: the first one goes on working."""
    head, _, body = good.partition(b"\r\n\r\n")
    said = {**spellings(key), **OTHERS}
    loud: dict[str, Any] = {"echo": said, "names": [{each: key} for each in said.values()]}
    told = (json.dumps(loud)[:-1] + f', "escaped": {escaped(key)}, {escaped(key)}: 1}}').encode()
    if body.startswith(b"{") and not body.startswith(b"{}"):
        body = told[:-1] + b", " + body[1:]
    more = [
        f"Set-Cookie: session={COOKIE}; Path=/",
        f"Authorization: Basic {TOKEN}",
        f"X-Control-Token: {TOKEN}",
    ]
    more += [
        f"X-Echo: {said['raw']}",
        f"X-API-Key: {key}",
        f"Warning: {said['base64 2']} {OTHERS['live']}",
    ]
    lines = [
        line
        for line in head.decode().split("\r\n")
        if not line.lower().startswith("content-length:")
    ]
    yield "\r\n".join([*lines, *more, f"Content-Length: {len(body)}", "", ""]).encode() + body
    page = "".join(f"<p>{each}</p>" for each in said.values()).encode()
    problem = [{"loc": ["header", key], "msg": f"no {key}", "type": OTHERS["live"], "input": said}]
    yield answer(
        400, json.dumps({"detail": f"no {key}, {said['base64 1']}, {OTHERS['charge']}"}).encode()
    )
    yield answer(422, json.dumps({"detail": problem}).encode())
    yield answer(
        302,
        Location=f"/login?key={said['in a URL']}&next={said['base64 0']}&{said['all of it in a URL']}",
    )
    yield answer(500, page, "text/html")
    yield answer(200, page, "text/plain")
    yield answer(200, b"\xff\xfe" + told)
    yield answer(200, gzip.compress(told), Content_Encoding="gzip")
    yield answer(404, told, f"application/{quote(key, safe='')}")
    yield answer(200, told)[:-20]


def loud(forward: Answerer, keys: dict[str, str]) -> Answerer:
    """Before the mock, which knows other keys: says again the key that it hears, or else any."""
    turn = itertools.count()

    def answering(received: Received) -> bytes:
        given = received.header("x-api-key") or ""
        raw = received.raw
        for key, real in keys.items():
            raw = raw.replace(key.encode(), real.encode())
        good = forward(
            Received(received.method, received.target, received.headers, received.body, raw)
        )
        ways = list(answers(good, given if given in keys else KEY))
        at = next(turn)
        return ways[0] if at % 3 or at < 9 else ways[at // 3 % len(ways)]

    return answering


def revealed(text: str) -> str:
    """A text with all that is in it in other spellings."""
    plain = html.unescape(
        re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    )
    plain = re.sub(r"%([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), plain).replace(
        "\\", ""
    )
    packed = [unpacked(each) for each in set(re.findall(r"[A-Za-z0-9+/_-]{16,}", text))]
    return "\n".join([text, plain, *packed]).lower()


def unpacked(text: str) -> str:
    """What may stand in base64, whatever stands around it."""
    found = []
    for start in range(4):
        part = text[start:].translate(str.maketrans("-_", "+/"))
        data = base64.b64decode(part[: len(part) // 4 * 4])
        if data.startswith(b"\x1f\x8b"):
            data += zlib.decompressobj(31).decompress(data)
        found.append(data.decode("latin-1"))
    return "\n".join(found)


def test_the_search_finds_what_is_hidden() -> None:
    """Every spelling that is planted would be found if it were there."""
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


@pytest.mark.parametrize("driver", drivers())
def test_no_secret_is_in_anything_that_a_run_leaves(
    driver: str, server: RunningServer, tmp_path: Path
) -> None:
    """All reports, the journal, standard output and error, and what the cleanup says; of every driver."""
    keys: dict[str, str] = {}
    variables = {"BILLING_API_KEY": KEY, "OTHER_KEY": OTHER}
    reports = tmp_path / "reports"
    with scene(server.url, tmp_path, lambda forward: loud(forward, keys)) as stage:
        keys |= {KEY: stage.customer.key, OTHER: stage.other.key}
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
            stage.journal,
            "--timeout",
            "5",
        ]
        words += ["--report", "junit,html,json,sarif,har", "--report-dir", reports]
        said = kit("run", stage.recorder.url, *words, **variables)
        assert said.code == 1, said.out + said.err
        cleaned = kit("cleanup", stage.journal, **variables)
        assert b"5up3r" in b"".join(each.raw for each in stage.received)
    texts = {"stdout": said.out, "stderr": said.err, "cleanup": cleaned.out + cleaned.err}
    texts |= {
        path.name: path.read_bytes().decode("latin-1")
        for path in (*reports.iterdir(), stage.journal)
    }
    assert len(texts) == 9
    for name, text in texts.items():
        shown = revealed(text)
        for secret in HIDDEN:
            at = shown.find(secret.lower())
            assert at < 0, f"{name}: {secret} in {shown[max(0, at - 80) : at + 80]}"
    assert "[api-key]" in texts["traffic.har"]
    found = json.loads(texts["report.json"])["findings"]
    assert any(each["keyword"] == "key_echoed" and each["grade"] == "failure" for each in found)


# ---------------------------------------------------------------------------------- a key that is said again is a fault


def echoes(harness: JudgeHarness) -> list[Finding]:
    return [each for each in harness.found if each.kind == "secret"]


@pytest.mark.parametrize("shown", ["[api-key]", "[other-key]", "[key 12]"])
def test_a_key_in_an_answer_is_a_finding(shown: str) -> None:
    """In the body or in a header: a failure on any deployment, with the place."""
    harness = JudgeHarness()
    harness.answers("get_balance", {**example("get_balance"), "debug": f"asked with {shown}"})
    harness.answers("get_balance", headers={"X-Debug": f"key={shown}"})
    assert [(each.operation, each.where, each.keyword) for each in echoes(harness)] == [
        ("get_balance", "/response/body", "key_echoed"),
        ("get_balance", "/response/headers/x-debug", "key_echoed"),
    ]
    assert all(
        shown in each.got and each.grade(strict=False) == "failure" for each in echoes(harness)
    )


def test_a_key_in_a_refusal_or_beside_the_contract_is_a_finding() -> None:
    """Errors and unknown paths tell no keys either."""
    harness = JudgeHarness()
    harness.answers("get_balance", {"detail": "no key [api-key]"}, status=401)
    harness.send("GET", "/admin", status=404, body=b'{"detail": "[api-key] may not"}')
    assert [each.operation for each in echoes(harness)] == ["get_balance", "GET /admin"]


def test_what_was_sent_in_the_body_or_the_url_may_come_back() -> None:
    """Whoever writes a key into a field reads it there."""
    harness = JudgeHarness()
    settings = {**example("get_usage_alerts"), "webhook_url": "https://a.example.com/?k=[api-key]"}
    harness.answers("update_usage_alerts", settings, sent={"webhook_url": settings["webhook_url"]})
    harness.answers("list_invoices", query="?kit=[api-key]", headers={"X-Query": "kit=[api-key]"})
    assert echoes(harness) == []


@pytest.mark.parametrize(
    "text", ["[secret]", "[card number]", "[unknown key]", "api-key", "[misspelt key]"]
)
def test_what_is_no_key_of_the_run_is_no_finding(text: str) -> None:
    """Client secrets are for the browser; who misspells a key may be told so."""
    harness = JudgeHarness()
    harness.answers("get_balance", {"detail": f"no {text}"}, status=401)
    harness.answers("get_balance", {"detail": "no [api-key]x"}, status=401, account="unknown key")
    assert echoes(harness) == []


def test_a_deployment_of_which_only_one_answer_tells_the_key_fails() -> None:
    """From end to end: everything else is as it should be."""
    with recording(
        lambda _: answer(200, json.dumps(example("get_balance")).encode(), X_Debug=f"key {KEY}")
    ) as server:
        said = kit(
            "run", server.url, "--phases", "reads", "--only", "get_balance", BILLING_API_KEY=KEY
        )
    assert said.code == 1
    assert (
        "The response discloses a secret  [secret]\n    /response/headers/x-debug  key_echoed\n"
        in said.out
    )
    assert "X-Debug: key [api-key]" in said.out
