"""Compressed request bodies, decoded within the limit of a body."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from mockserver.engine.errors import Refusal

_WINDOWS = {
    b"gzip": zlib.MAX_WBITS | 16,
    b"x-gzip": zlib.MAX_WBITS | 16,
    b"deflate": zlib.MAX_WBITS,
}
"""Window sizes of zlib, by the names of encodings."""


def decoded(payload: bytes, headers: Mapping[bytes, bytes], most: int) -> bytes:
    """Return the content of a body. Raises Refusal: 415, 400 or 413."""
    name = headers[b"content-encoding"].strip().lower()
    if name in (b"", b"identity") or not payload:
        return payload
    window = _WINDOWS.get(name)
    if window is None:
        raise Refusal(415, "Unsupported Content-Encoding. Send the body as it is, or as gzip.")
    decoder = zlib.decompressobj(window)
    try:
        content = decoder.decompress(payload, most + 1)
    except zlib.error:
        raise Refusal(400, f"The body is not valid {name.decode()}.") from None
    if len(content) > most:
        raise Refusal(413, f"Request body is too large: at most {most:,} bytes when decoded.")
    if not decoder.eof:
        raise Refusal(400, f"The body is not valid {name.decode()}: its end is missing.")
    return content
