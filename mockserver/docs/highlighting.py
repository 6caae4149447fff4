"""Highlights code of a few languages with one expression each. Everything else is escaped."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from markupsafe import Markup

_SINGLE = r"'(?:[^'\\\n]|\\.)*'"
_DOUBLE = r'"(?:[^"\\\n]|\\.)*"'
_NUMBER = r"(?<![\w.$-])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])"
# Names of members stay plain: only their values have a colour, which keeps pages small.
_MEMBER = rf"(?:{_DOUBLE}|{_SINGLE})(?=\s*:)"
_PYTHON = (
    "False None True and as assert async class def elif else except finally for from if import in "
    "is lambda not or pass raise return try while with yield"
)
_JAVASCRIPT = (
    "async catch class const else export false for from function if import in let null of return "
    "throw true try type typeof undefined while"
)
_YAML_WORDS = "true false null"


def _words(names: str) -> str:
    return rf"(?<![\w.$])(?:{'|'.join(names.split())})(?![\w$])"


# Groups: s string, n number, k keyword, c comment. Text outside the groups stays plain.
_PATTERNS = {
    "json": rf"{_MEMBER}|(?P<s>{_DOUBLE})|(?P<n>{_NUMBER})|(?P<k>{_words('true false null')})",
    "bash": r"""(?P<c>(?<!\S)\#[^\n]*)|(?P<s>'[^']*'|"(?:[^"\\]|\\.)*")""",
    "python": rf"(?P<c>\#[^\n]*)|{_MEMBER}"
    rf"|(?P<s>[fbr]?(?:\"\"\"[\s\S]*?\"\"\"|{_DOUBLE}|{_SINGLE}))"
    rf"|(?P<n>{_NUMBER})|(?P<k>{_words(_PYTHON)})",
    "javascript": rf"(?P<c>//[^\n]*|/\*[\s\S]*?\*/)|{_MEMBER}"
    rf"|(?P<s>{_DOUBLE}|{_SINGLE}|`(?:[^`\\]|\\.)*`)|(?P<n>{_NUMBER})|(?P<k>{_words(_JAVASCRIPT)})",
    "yaml": rf"(?P<c>(?<!\S)\#[^\n]*)|{_MEMBER}|(?P<s>{_DOUBLE}|{_SINGLE})"
    rf"|(?P<n>{_NUMBER})|(?P<k>{_words(_YAML_WORDS)})",
}
_NAMES = {
    **dict.fromkeys(("bash", "sh", "shell", "console"), "bash"),
    **dict.fromkeys(("javascript", "js", "typescript", "ts"), "javascript"),
    **dict.fromkeys(("python", "py"), "python"),
    **dict.fromkeys(("yaml", "yml", "toml"), "yaml"),
    "json": "json",
}
_TAGS = {
    "s": ("<i>", "</i>"),
    "n": ("<u>", "</u>"),
    "k": ("<b>", "</b>"),
    "c": ("<i class=c>", "</i>"),
}


@lru_cache(maxsize=4096)
def highlighted(code: str, language: str) -> Markup:
    """Return highlighted code, or the escaped code if the language is unknown."""
    name = _NAMES.get(language.lower())
    escaped = _escaped(code) if name is None else "".join(_pieces(_pattern(name), code))
    return Markup(escaped)  # noqa: S704 (escaped piece by piece)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_PATTERNS[name])


def _pieces(pattern: re.Pattern[str], code: str) -> list[str]:
    pieces, end = [], 0
    for found in pattern.finditer(code):
        if found.lastgroup is None:
            continue
        opening, closing = _TAGS[found.lastgroup]
        pieces += [_escaped(code[end : found.start()]), opening, _escaped(found[0]), closing]
        end = found.end()
    pieces.append(_escaped(code[end:]))
    return pieces


def _escaped(text: str) -> str:
    """Return a text for use between tags, where quotes need no escaping."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
