"""Stock HTTP clients pay a deposit: the checkout page is opened and its form sent."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
import requests

from tests.conftest import RunningServer, running_server
from tests.server.wire import BALANCE, DEPOSIT

KEY = "sk_test_stock_client"
HEADERS = {"X-API-Key": KEY, "Content-Type": "application/json"}
BODY = json.dumps({"amount_cents": 5_000})
FORM = "card=pm_card_visa"

NODE = """
const [url, key, body, form] = process.argv.slice(1);
const headers = { "X-API-Key": key, "Content-Type": "application/json" };
const created = await (await fetch(url, { method: "POST", headers, body })).json();
const page = await fetch(created.url);
if (page.status !== 200) throw new Error(`page ${page.status}`);
const paid = await fetch(created.url + "/pay", {
  method: "POST",
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
  body: form,
  redirect: "manual",
});
console.log(paid.status);
"""


JAVA = """
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Pattern;

public class Deposit {
  public static void main(String[] words) throws Exception {
    var client = HttpClient.newHttpClient();
    var create = HttpRequest.newBuilder(URI.create(words[0])).header("X-API-Key", words[1])
        .header("Content-Type", "application/json").POST(BodyPublishers.ofString(words[2])).build();
    var created = client.send(create, BodyHandlers.ofString()).body();
    var found = Pattern.compile("\\"url\\":\\"([^\\"]*)\\"").matcher(created);
    if (!found.find()) throw new Exception(created);
    var page = client.send(HttpRequest.newBuilder(URI.create(found.group(1))).build(),
        BodyHandlers.ofString());
    if (page.statusCode() != 200) throw new Exception("page " + page.statusCode());
    var pay = HttpRequest.newBuilder(URI.create(found.group(1) + "/pay"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(BodyPublishers.ofString(words[3])).build();
    System.out.println(client.send(pay, BodyHandlers.ofString()).statusCode());
  }
}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A server of its own."""
    with running_server() as running:
        yield running


def curl(*arguments: str) -> str:
    """Run curl, which offers HTTP/2 on the first request of a connection."""
    command = ["curl", "--silent", "--show-error", "--http2", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def pay_by_curl(url: str) -> int:
    headers = [word for name, value in HEADERS.items() for word in ("-H", f"{name}: {value}")]
    page = json.loads(curl(*headers, "-d", BODY, url))["url"]
    assert "Pay with" in curl(page)
    status = curl("-d", FORM, "-o", "/dev/null", "-w", "%{http_code}", f"{page}/pay")
    return int(status)


def pay_by_node(url: str) -> int:
    command = ["node", "--input-type=module", "-e", NODE, "--", url, KEY, BODY, FORM]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    return int(done.stdout)


def pay_by_java(url: str) -> int:
    with TemporaryDirectory() as folder:
        source = Path(folder) / "Deposit.java"
        source.write_text(JAVA)
        command = ["java", str(source), url, KEY, BODY, FORM]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return int(done.stdout)


def pay_by_requests(url: str) -> int:
    with requests.Session() as session:
        page = session.post(url, data=BODY, headers=HEADERS, timeout=10).json()["url"]
        assert session.get(page, timeout=10).status_code == 200
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        paid = session.post(
            f"{page}/pay", data=FORM, headers=form, timeout=10, allow_redirects=False
        )
        return paid.status_code


def pay_by_httpx(url: str) -> int:
    with httpx.Client(timeout=10) as client:
        page = client.post(url, content=BODY, headers=HEADERS).json()["url"]
        assert client.get(page).status_code == 200
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return client.post(f"{page}/pay", content=FORM, headers=form).status_code


def pay_by_urllib(url: str) -> int:
    def sent(target: str, data: str | None = None, headers: Any = None) -> bytes:
        body = data.encode() if data is not None else None
        request = urllib.request.Request(target, body, headers or {})
        with urllib.request.urlopen(request, timeout=10) as response:
            content: bytes = response.read()
            assert response.status == http.client.OK
            return content

    page = json.loads(sent(url, BODY, HEADERS))["url"]
    sent(page)
    sent(f"{page}/pay", FORM)
    return 200


PROGRAMS = {"curl": pay_by_curl, "java": pay_by_java, "node": pay_by_node}
LIBRARIES = {"requests": pay_by_requests, "httpx": pay_by_httpx, "urllib": pay_by_urllib}
CLIENTS: dict[str, Callable[[str], int]] = {**PROGRAMS, **LIBRARIES}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_stock_client_pays_a_deposit(server: RunningServer, client: str) -> None:
    """The balance grows by the deposit."""
    # The launcher of Java compiles the source, which needs the compiler.
    if client in PROGRAMS and shutil.which("javac" if client == "java" else client) is None:
        pytest.skip(f"{client} is not installed")
    with server.client(KEY) as caller:
        before = caller.get(BALANCE.decode()).json()["balance_microcents"]
        assert CLIENTS[client](server.url + DEPOSIT.decode()) in (200, 303)
        after = caller.get(BALANCE.decode()).json()["balance_microcents"]
    assert after - before == 5_000 * 1_000_000
