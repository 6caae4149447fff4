"""A head that arrives again is not parsed again, and is served as if it were."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.request import KnownHead, Request
from mockserver.limits import Limits
from mockserver.server.request_reader import Head, Incoming, Malformed, RequestReader
from mockserver.server.routes import Route, parse

LINES = [
    b"Host: a\r\n",
    b"X-API-Key: one\r\n",
    b"X-API-Key: two\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive\r\n",
    b"Expect: 100-continue\r\n",
    b"Connection: Upgrade\r\nUpgrade: h2c\r\n",
]
FIRST = [b"GET /a HTTP/1.1\r\n", b"POST /a?b=c HTTP/1.1\r\n", b"GET /a HTTP/1.0\r\n"]
BODIES = [
    b"",
    b"abc",
    b"ab",
    b"0\r\n\r\n",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
]

heads = st.builds(
    lambda first, lines, body: first + b"".join(lines) + b"\r\n" + body,
    st.sampled_from(FIRST),
    st.lists(st.sampled_from(LINES), max_size=4),
    st.sampled_from(BODIES),
)


class Resolver:
    """Resolves every target to the ASGI app, so that bodies are kept."""

    def __init__(self, *, keeps: bool) -> None:
        self.heads: dict[bytes, Head] = {} if keeps else Forgetful()

    def resolve(self, method: str, target: bytes) -> Route:  # noqa: ARG002 (all have one route)
        return Route(*parse(target), None)


class Forgetful(dict[bytes, Head]):
    """Keeps nothing, so that every head is parsed."""

    def __setitem__(self, key: bytes, value: Head) -> None:
        pass


def read(pieces: list[bytes], resolver: Resolver) -> list[object]:
    """Return all that a connection delivers, and how it ends."""
    found: list[object] = []
    reader = RequestReader(resolver, Limits(), lambda incoming: found.append(facts(incoming)))
    try:
        for piece in pieces:
            reader.feed(piece)
            found.append((reader.is_in_head, reader.is_in_body, reader.owes_continue))
    except Malformed as error:
        found.append((error.status, str(error)))
    return found


def facts(incoming: Incoming) -> tuple[object, ...]:
    """Return all that the connection uses of a request."""
    named = (incoming.method, incoming.path, incoming.query, incoming.header_list)
    ways = (incoming.is_kept_alive, incoming.is_old, incoming.is_read, incoming.route)
    return (*named, incoming.headers, incoming.payload, incoming.refused, *ways)


@given(st.lists(heads, min_size=1, max_size=4))
def test_a_known_head_is_served_as_if_it_were_parsed(pieces: list[bytes]) -> None:
    """Whatever the pieces are: each is sent three times on a connection that keeps heads."""
    sent = [piece for piece in pieces for _ in range(3)]
    assert read(sent, Resolver(keeps=True)) == read(sent, Resolver(keeps=False))


def test_a_usual_head_is_kept() -> None:
    """With the size of its body: another body of the same size is read."""
    resolver = Resolver(keeps=True)
    post = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
    read([post + b"abc"], resolver)
    assert len(resolver.heads) == 1
    seen: list[Request] = []
    reader = RequestReader(resolver, Limits(), seen.append)
    reader.feed(post + b"xyz")
    assert [request.payload for request in seen] == [b"xyz"]


def test_the_number_of_kept_heads_is_bounded() -> None:
    """Keys in turn do not fill the memory."""
    resolver = Resolver(keeps=True)
    for number in range(3_000):
        read([b"GET /a HTTP/1.1\r\nHost: a\r\nX-API-Key: %d\r\n\r\n" % number], resolver)
    assert 0 < len(resolver.heads) <= 1_024


@given(st.lists(st.tuples(st.binary(max_size=400), st.integers(1, 12)), max_size=30))
def test_the_refused_bodies_of_a_head_are_bounded(bodies: list[tuple[bytes, int]]) -> None:
    """So are their size and the violations of each. Those of a kept body are its own."""
    known = KnownHead()
    for body, count in bodies:
        known.refuse(body, [{"msg": body.hex()}] * count)
    assert len(known.refused) <= 4
    for body, found in known.refused.items():
        assert len(body) <= 256
        assert found in [[{"msg": body.hex()}] * count for count in range(1, 9)]
