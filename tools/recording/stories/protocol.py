"""HTTP itself: connections, framing, and what no HTTP library would send."""

from __future__ import annotations

from tools.recording.caller import API, Caller
from tools.recording.stories import Story

_HOST = "Host: 127.0.0.1:8080\r\n"
_KEY = "X-API-Key: sk_test_raw\r\n"
_BODY = '{"amount_cents": 5000}'


def _request(line: str, headers: str = "", body: str = "") -> bytes:
    return f"{line}\r\n{_HOST}{_KEY}{headers}\r\n{body}".encode("latin-1")


def _bytes(caller: Caller) -> None:
    get, post = f"GET {API}balance HTTP/1.1", f"POST {API}deposit HTTP/1.1"
    kind = "Content-Type: application/json\r\n"
    length = f"Content-Length: {len(_BODY)}\r\n"
    close = "Connection: close\r\n"
    chunks = f"{len(_BODY):x}\r\n{_BODY}\r\n0\r\n\r\n"
    cases = {
        "a plain request": _request(get, close),
        "two requests in one write": _request(get) + _request(get, close),
        "three writes in one": _request(post, kind + length, _BODY) * 2 + _request(get, close),
        "HTTP/1.0": _request(f"GET {API}balance HTTP/1.0"),
        "HTTP/1.0 that stays": _request(f"GET {API}balance HTTP/1.0", "Connection: keep-alive\r\n"),
        "HTTP/2.0": _request(f"GET {API}balance HTTP/2.0", close),
        "chunks": _request(post, kind + close + "Transfer-Encoding: chunked\r\n", chunks),
        "broken chunks": _request(post, kind + close + "Transfer-Encoding: chunked\r\n", "zz\r\n"),
        "chunks and a length": _request(
            post, kind + close + length + "Transfer-Encoding: chunked\r\n", chunks
        ),
        "expects 100": _request(post, kind + length + close + "Expect: 100-continue\r\n", _BODY),
        "two lengths": _request(post, kind + close + length + "Content-Length: 3\r\n", _BODY),
        "a length that is none": _request(post, kind + close + "Content-Length: x\r\n", _BODY),
        "a body that is short": _request(post, kind + close + "Content-Length: 99\r\n", _BODY),
        "no host": f"GET {API}balance HTTP/1.1\r\n{_KEY}Connection: close\r\n\r\n".encode(),
        "two hosts": _request(get, "Host: other.test\r\n" + close),
        "two keys": _request(get, "X-API-Key: sk_test_other\r\n" + close),
        "no request": b"nonsense\r\n\r\n",
        "nothing": b"",
        "half a request": f"GET {API}bal".encode(),
        "a header without a colon": _request(get, "nonsense\r\n" + close),
        "a header with a space": _request(get, "X Y: 1\r\n" + close),
        "a header that is long": _request(get, f"X-Long: {'x' * 70_000}\r\n" + close),
        "many headers": _request(get, "".join(f"X-{n}: 1\r\n" for n in range(2_000)) + close),
        "a target that is long": _request(f"GET {API}balance?x={'x' * 70_000} HTTP/1.1", close),
        "a whole address as target": _request(f"GET http://127.0.0.1{API}balance HTTP/1.1", close),
        "an asterisk": _request("OPTIONS * HTTP/1.1", close),
        "an unknown method": _request(f"BREW {API}balance HTTP/1.1", close),
        "a method in lower case": _request(f"get {API}balance HTTP/1.1", close),
        "an upgrade": _request(get, "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
        "an upgrade to HTTP/2": _request(
            get, "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        ),
        "a target beyond ASCII": _request(f"GET {API}b\xe4lance HTTP/1.1", close),
        "a NUL in the path": _request(f"GET {API}balance%00 HTTP/1.1", close),
        "a fragment": _request(f"GET {API}balance#x HTTP/1.1", close),
        "bare line feeds": _request(get, close).replace(b"\r\n", b"\n"),
        "HEAD": _request(f"HEAD {API}balance HTTP/1.1", close),
        "a body of a GET": _request(get, kind + length + close, _BODY),
    }
    for label, content in cases.items():
        caller.raw(label, content)
    caller.as_("sk_test_raw").get("balance")
    caller.get("/_mock/requests")


STORIES = [Story("protocol/bytes", _bytes)]
