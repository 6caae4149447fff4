"""``reproduce/NAME.sh``: a script for each finding that earlier requests lead to.

It sends them all again with curl, with the new ids in them, and prints the last response. Keys come
from the environment.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from contract_tests.errors import UsageError
from contract_tests.findings.finding import Finding, Key
from contract_tests.findings.result import Result
from contract_tests.http import curl
from contract_tests.http.captures import Capture, captures, substituted
from contract_tests.http.exchange import ANYBODY, Exchange
from contract_tests.openapi.security import Credential
from contract_tests.text import printable

FOLDER = "reproduce"
MAX_SCRIPTS = 100
"""The most scripts of one run."""

_HEAD = "#!/bin/sh\n# contract-tests: reproduces a finding.\n"
_VALUE = """\
# Prints the string at a JSON pointer of the last response.
value() {
  printf '%s' "$response" | python3 -c '
import json, sys
text = sys.stdin.buffer.read()
while text.startswith(b"HTTP/"):
    text = text.partition(b"\\r\\n\\r\\n")[2]
found = json.loads(text)
for part in sys.argv[1].split("/")[1:]:
    part = part.replace("~1", "/").replace("~0", "~")
    found = found[int(part)] if isinstance(found, list) else found[part]
print(found)' "$1"
}
"""
_STATUS = "printf '%s\\n' \"$response\" | sed -n 1p >&2"


def names(result: Result) -> dict[Key, str]:
    """Return the path of each script below the report directory, if reports are written."""
    found: dict[Key, str] = {}
    if not result.settings.reports:
        return found
    counts: Counter[str] = Counter()
    for finding in result.findings:
        if finding.steps and finding.exchange is not None and len(found) < MAX_SCRIPTS:
            name = _slug(f"{finding.operation}-{finding.kind}-{finding.keyword}")
            counts[name] += 1
            number = f"-{counts[name]}" if counts[name] > 1 else ""
            found[finding.key] = f"{FOLDER}/{name}{number}.sh"
    return found


def write(result: Result) -> None:
    """Write the scripts, and remove those of an earlier run. Raise UsageError."""
    folder = result.settings.report_dir
    paths = names(result)
    try:
        for old in (folder / FOLDER).glob("*.sh"):
            if old.read_text(encoding="utf-8", errors="replace").startswith(_HEAD):
                old.unlink()
        if paths:
            (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        for finding in result.findings:
            if finding.key in paths and finding.exchange is not None:
                path = folder / paths[finding.key]
                path.write_text(script(finding, finding.exchange, result), encoding="utf-8")
                path.chmod(0o755)
    except OSError as error:
        raise UsageError(f"{folder / FOLDER}: cannot be written ({error.strerror})") from None


def script(finding: Finding, shown: Exchange, result: Result) -> str:
    """Return the text of a script."""
    exchanges = [*finding.steps, shown]
    taken = captures(exchanges)
    markers: dict[str, str] = {}
    parts = [*_resets(exchanges, result), *_before(shown, taken, result)]
    for index, exchange in enumerate(exchanges):
        request = printable(f"{exchange.method} {exchange.path}")
        parts += ["", f"# {index + 1}. {request}: {exchange.status or 'no response'}"]
        parts.append(_command(_marked(exchange, markers), result))
        if index < len(finding.steps):
            parts.append(_STATUS)
        for capture in taken:
            if capture.step == index:
                name = f"saved value {len(markers) + 1}"
                markers[capture.value] = f"[{name}]"
                pointer = shlex.quote(capture.pointer)
                parts.append(f"{name.upper().replace(' ', '_')}=$(value {pointer})")
    body = "\n".join([*parts, "printf '%s\\n' \"$response\""]).strip("\n")
    return "\n".join([*_head(finding, shown, body), *([_VALUE] if markers else []), body, ""])


def _command(exchange: Exchange, result: Result) -> str:
    """Return a command that keeps the response."""
    line = curl.line(exchange, result.settings)
    return f"response=$({line.replace('curl -i', 'curl -sS -i', 1)})"


def _before(shown: Exchange, taken: list[Capture], result: Result) -> Iterator[str]:
    """Yield commands that show a view before the steps, as the steps may change it wrongly."""
    if shown.method == "GET" and not any(capture.value in shown.url for capture in taken):
        yield "\n# The view before the steps, to compare:"
        yield _command(_marked(shown, {}), result)
        yield "printf 'before: %s\\n' \"$response\" >&2"


def _head(finding: Finding, shown: Exchange, body: str) -> Iterator[str]:
    yield _HEAD + f"# {printable(' '.join(finding.key))}"
    yield f"# expected: {printable(finding.expected)[:500]}"
    yield f"# got: {printable(finding.got)[:500]}"
    yield "set -eu"
    base = _base(shown)
    yield f"BASE_URL=${{1:-{base}}}" if re.fullmatch(r"[\w.:/\[\]-]+", base) else "BASE_URL=$1"
    variables = dict.fromkeys(re.findall(r"\$\{?([A-Z][A-Z0-9_]*)", body))
    for name in variables:
        if name != "BASE_URL" and not name.startswith("SAVED_VALUE_"):
            yield f': "${{{name}:?must be set}}"'
    yield ""


def _resets(exchanges: list[Exchange], result: Result) -> Iterator[str]:
    """Yield commands that give the mock's accounts their first state."""
    credential = result.contract.credential
    if not result.settings.mock or credential is None:
        return
    for account in dict.fromkeys(exchange.account for exchange in exchanges):
        if account != ANYBODY:
            line = curl.line(_reset(exchanges[0], account, credential), result.settings)
            yield f"{line.replace('curl -i', 'curl -sS -o /dev/null', 1)}"


def _reset(exchange: Exchange, account: str, credential: Credential) -> Exchange:
    key = (credential.header, credential.value(f"[{account}]"))
    url = "[base url]/_mock/reset"
    return replace(exchange, method="POST", url=url, request_headers=(key,), request_body=b"")


def _marked(exchange: Exchange, markers: Mapping[str, str]) -> Exchange:
    """Return an exchange with variables for the deployment and for captured values."""
    url = substituted(exchange.url.removeprefix(_base(exchange)), markers)
    body = exchange.request_body
    with suppress(UnicodeDecodeError):
        text = substituted(body.decode("utf-8"), markers)
        if curl.is_inline(text.encode()):
            body = text.encode()
    headers = tuple((name, substituted(value, markers)) for name, value in exchange.request_headers)
    return replace(exchange, url=f"[base url]{url}", request_headers=headers, request_body=body)


def _base(exchange: Exchange) -> str:
    """Return the URL of the deployment."""
    target = exchange.url.partition("?")[0]
    return target.removesuffix(exchange.path) if target.endswith(exchange.path) else ""


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()[:80] or "finding"
