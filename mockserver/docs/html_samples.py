"""Samples as HTML. What a reader can set, the server and the key, is in ``var`` elements."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup

from mockserver.docs import samples
from mockserver.docs.highlighting import highlighted
from mockserver.docs.request import Request
from mockserver.docs.servers import Servers

_KEYS = {
    "curl": re.compile(r"\$API_(?:KEY|TOKEN|CREDENTIALS)\b"),
    "python": re.compile(r'os\.environ\[<i>"API_(?:KEY|TOKEN|CREDENTIALS)"</i>\]'),
    "javascript": re.compile(r"process\.env\.API_(?:KEY|TOKEN|CREDENTIALS)\b"),
}
_PLACEHOLDER = "YOUR_API_KEY"
_NEEDED_BY_KEYS = "<b>import</b> os\n\n"


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A highlighted block of code."""

    language: str
    label: str
    code: Markup


def blocks(request: Request, server: str | None) -> tuple[CodeBlock, ...]:
    """Return the request in every language. ``server`` is its address if readers may change it."""
    return tuple(
        CodeBlock(sample.language, sample.label, _block(sample, request, server))
        for sample in samples.in_all_languages(request)
    )


def _block(sample: samples.Sample, request: Request, server: str | None) -> Markup:
    code = str(highlighted(sample.code, sample.lexer))
    if server:
        address = str(Markup.escape(server))
        code = code.replace(address, f"<var>{address}</var>", 1)
    if any(text.variable for text in (request.url, *(text for _, text in request.headers))):
        code = _KEYS[sample.language].sub(r"<var class=k>\g<0></var>", code, count=1)
        if code.startswith(_NEEDED_BY_KEYS):
            code = f"<var class=e>{_NEEDED_BY_KEYS}</var>" + code[len(_NEEDED_BY_KEYS) :]
    return Markup(code)  # noqa: S704 (highlighted code is escaped)


def mark_code(servers: Servers, html: str) -> str:
    """Mark the servers and the placeholder of a key in a block of code of a description."""
    for url, shown, may_change in servers.replacements:
        address, own = str(Markup.escape(url)), str(Markup.escape(shown))
        text = f"<var>{own}</var>" if may_change else own
        whole = re.compile(re.escape(address) + r"(?![\w.:-])")
        html = whole.sub(text.replace("\\", r"\\"), html)
    return html.replace(_PLACEHOLDER, f"<var class=k>{_PLACEHOLDER}</var>")
