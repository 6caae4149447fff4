"""HTTP itself: connections, framing, and what no HTTP library would send."""

from __future__ import annotations

from tools.recording.caller import API, Caller
from tools.recording.stories import Story

_HOST = "Host: 127.0.0.1:8080\r\n"
_KEY = "X-API-Key: sk_test_raw\r\n"
_BODY = '{"amount_cents": 5000}'


def _request(line: str, headers: str = "", body: str = "") -> bytes:
    return f"{line}\r\n{_HOST}{_KEY}{headers}\r\n{body}".encode("latin-1")


_GET, _POST = f"GET {API}balance HTTP/1.1", f"POST {API}deposit HTTP/1.1"
_KIND = "Content-Type: application/json\r\n"
_LENGTH = f"Content-Length: {len(_BODY)}\r\n"
_CLOSE = "Connection: close\r\n"
_CHUNKS = f"{len(_BODY):x}\r\n{_BODY}\r\n0\r\n\r\n"
_FRAMING = {
    "a plain request": _request(_GET, _CLOSE),
    "two requests in one write": _request(_GET) + _request(_GET, _CLOSE),
    "three writes in one": _request(_POST, _KIND + _LENGTH, _BODY) * 2 + _request(_GET, _CLOSE),
    "HTTP/1.0": _request(f"GET {API}balance HTTP/1.0"),
    "HTTP/1.0 that stays": _request(f"GET {API}balance HTTP/1.0", "Connection: keep-alive\r\n"),
    "HTTP/2.0": _request(f"GET {API}balance HTTP/2.0", _CLOSE),
    "chunks": _request(_POST, _KIND + _CLOSE + "Transfer-Encoding: chunked\r\n", _CHUNKS),
    "broken chunks": _request(_POST, _KIND + _CLOSE + "Transfer-Encoding: chunked\r\n", "zz\r\n"),
    "chunks and a length": _request(
        _POST, _KIND + _CLOSE + _LENGTH + "Transfer-Encoding: chunked\r\n", _CHUNKS
    ),
    "expects 100": _request(_POST, _KIND + _LENGTH + _CLOSE + "Expect: 100-continue\r\n", _BODY),
    "two lengths": _request(_POST, _KIND + _CLOSE + _LENGTH + "Content-Length: 3\r\n", _BODY),
    "a length that is none": _request(_POST, _KIND + _CLOSE + "Content-Length: x\r\n", _BODY),
    "a body that is short": _request(_POST, _KIND + _CLOSE + "Content-Length: 99\r\n", _BODY),
}
_HEADS = {
    "no host": f"GET {API}balance HTTP/1.1\r\n{_KEY}Connection: close\r\n\r\n".encode(),
    "two hosts": _request(_GET, "Host: other.test\r\n" + _CLOSE),
    "two keys": _request(_GET, "X-API-Key: sk_test_other\r\n" + _CLOSE),
    "no request": b"nonsense\r\n\r\n",
    "nothing": b"",
    "half a request": f"GET {API}bal".encode(),
    "a header without a colon": _request(_GET, "nonsense\r\n" + _CLOSE),
    "a header with a space": _request(_GET, "X Y: 1\r\n" + _CLOSE),
    "a header that is long": _request(_GET, f"X-Long: {'x' * 70_000}\r\n" + _CLOSE),
    "many headers": _request(_GET, "".join(f"X-{n}: 1\r\n" for n in range(2_000)) + _CLOSE),
}
_TARGETS = {
    "a target that is long": _request(f"GET {API}balance?x={'x' * 70_000} HTTP/1.1", _CLOSE),
    "a whole address as target": _request(f"GET http://127.0.0.1{API}balance HTTP/1.1", _CLOSE),
    "an asterisk": _request("OPTIONS * HTTP/1.1", _CLOSE),
    "an unknown method": _request(f"BREW {API}balance HTTP/1.1", _CLOSE),
    "a method in lower case": _request(f"get {API}balance HTTP/1.1", _CLOSE),
    "an upgrade": _request(_GET, "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
    "an upgrade to HTTP/2": _request(
        _GET, "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    ),
    "a target beyond ASCII": _request(f"GET {API}b\xe4lance HTTP/1.1", _CLOSE),
    "a NUL in the path": _request(f"GET {API}balance%00 HTTP/1.1", _CLOSE),
    "a fragment": _request(f"GET {API}balance#x HTTP/1.1", _CLOSE),
    "bare line feeds": _request(_GET, _CLOSE).replace(b"\r\n", b"\n"),
    "HEAD": _request(f"HEAD {API}balance HTTP/1.1", _CLOSE),
    "a body of a GET": _request(_GET, _KIND + _LENGTH + _CLOSE, _BODY),
}


def _bytes(caller: Caller) -> None:
    for label, content in (_FRAMING | _HEADS | _TARGETS).items():
        caller.raw(label, content)
    caller.as_("sk_test_raw").get("balance")
    caller.get("/_mock/requests")


STORIES = [Story("protocol/bytes", _bytes)]
