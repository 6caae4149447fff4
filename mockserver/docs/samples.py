"""Writes requests in three languages, ready to run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from mockserver.docs.model import MISSING, Json
from mockserver.docs.request import Request, Text

_NEEDS_NO_QUOTES = re.compile(r"[\w@%+=:,./~-]+", re.ASCII)
_IN_DOUBLE_QUOTES = re.compile(r'([\\"$`])')
_METHODS_OF_REQUESTS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Sample:
    """A request in one language."""

    language: str
    """``curl``, ``python`` or ``javascript``: the key that stores a reader's choice."""
    label: str
    lexer: str
    """The language's name for highlighters and fences."""
    requirements: str
    """What is needed to run it, in one line."""
    code: str


@dataclass(frozen=True, slots=True)
class _Language:
    label: str
    lexer: str
    requirements: str
    write: Callable[[Request], str]


def in_all_languages(request: Request) -> tuple[Sample, ...]:
    """Return the request in every language."""
    return tuple(
        Sample(name, language.label, language.lexer, language.requirements, language.write(request))
        for name, language in LANGUAGES.items()
    )


# --- curl


def curl(request: Request) -> str:
    """Return a command for a POSIX shell."""
    method = "--head" if request.method == "HEAD" else f"-X {request.method}"
    lines = [f"curl {method} {_shell(request.url)}"]
    headers = (Text(f"{name}: {text.before}", text.variable) for name, text in request.headers)
    lines += [f"-H {_shell_in_double_quotes(header)}" for header in headers]
    lines += _shell_data(request)
    return " \\\n  ".join(lines)


def shell_quoted(text: str) -> str:
    """Return a text as one word of a shell command, in single quotes."""
    return "'" + text.replace("'", "'\\''") + "'"


def _shell(text: Text) -> str:
    if text.variable is None:
        return text.before if _NEEDS_NO_QUOTES.fullmatch(text.before) else shell_quoted(text.before)
    return _shell_in_double_quotes(text)


def _shell_in_double_quotes(text: Text) -> str:
    if text.variable is None:
        # Interactive shells expand exclamation marks outside single quotes.
        return (
            shell_quoted(text.before) if re.search(r'[\\"$`!]', text.before) else f'"{text.before}"'
        )
    escaped = _IN_DOUBLE_QUOTES.sub(r"\\\1", text.before)
    return f'"{escaped}${text.variable}"'


def _shell_data(request: Request) -> list[str]:
    if request.body is MISSING:
        return []
    if request.encoding == "json":
        return ["-d " + shell_quoted(pretty_json(request.body).replace("\n", "\n  "))]
    if request.encoding == "raw":
        return [f"--data-raw {shell_quoted(request.body)}"]
    flag = "--data-urlencode" if request.encoding == "form" else "--form-string"
    return [
        f"{flag} {shell_quoted(f'{name}={_as_text(value)}')}"
        for name, value in request.body.items()
    ]


# --- Python


def python(request: Request) -> str:
    """Return a Python program that uses requests."""
    known = request.method in _METHODS_OF_REQUESTS
    call = f"requests.{request.method.lower()}(" if known else "requests.request("
    arguments = [*([] if known else [_python(request.method)]), _python_text(request.url)]
    shown = [header for header in request.headers if not _is_set_by_requests(header, request)]
    if shown:
        headers = "".join(
            f"        {_python(name)}: {_python_text(text)},\n" for name, text in shown
        )
        arguments.append(f"headers={{\n{headers}    }}")
    if request.body is not MISSING:
        arguments.append(_python_data(request))
    arguments.append("timeout=30")
    needs_environment = any(
        text.variable for text in (request.url, *(text for _, text in request.headers))
    )
    start = "import os\n\nimport requests\n\n" if needs_environment else "import requests\n\n"
    inside = "".join(f"    {argument},\n" for argument in arguments)
    read = {"json": "response.json()", "text": "response.text", "none": "response.status_code"}[
        request.response_format
    ]
    return f"{start}response = {call}\n{inside})\nresponse.raise_for_status()\nprint({read})"


def _is_set_by_requests(header: tuple[str, Text], request: Request) -> bool:
    return request.encoding == "json" and header == ("Content-Type", Text("application/json"))


def _python_data(request: Request) -> str:
    match request.encoding:
        case "json":
            return "json=" + _python(request.body, 1)
        case "form":
            return "data=" + _python(
                {name: _as_text(value) for name, value in request.body.items()}, 1
            )
        case "multipart":
            parts = "".join(
                f"        {_python(name)}: (None, {_python(_as_text(value))}),\n"
                for name, value in request.body.items()
            )
            return f"files={{\n{parts}    }}"
        case "raw":
            return f"data={_python(request.body)}.encode()"


def _python_text(text: Text) -> str:
    if text.variable is None:
        return _python(text.before)
    variable = f'os.environ["{text.variable}"]'
    return f"{_python(text.before)} + {variable}" if text.before else variable


def _python(value: Json, depth: int = 0) -> str:
    """Return a value as a Python literal, containers over several lines."""
    inner, outer = "    " * (depth + 1), "    " * depth
    match value:
        case dict() if value:
            lines = (
                f"{inner}{_python(str(name))}: {_python(item, depth + 1)},\n"
                for name, item in value.items()
            )
            return f"{{\n{''.join(lines)}{outer}}}"
        case list() if value:
            items = "".join(f"{inner}{_python(item, depth + 1)},\n" for item in value)
            return f"[\n{items}{outer}]"
        case None | bool():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


# --- JavaScript


def javascript(request: Request) -> str:
    """Return a JavaScript module that uses fetch."""
    options = [] if request.method == "GET" else [f"method: {_javascript(request.method)},"]
    if request.headers:
        headers = "".join(
            f"    {_javascript(name)}: {_javascript_text(text)},\n"
            for name, text in request.headers
        )
        options.append(f"headers: {{\n{headers}  }},")
    if request.body is not MISSING:
        options.append(f"body: {_javascript_data(request)},")
    inside = "".join(f"  {option}\n" for option in options)
    call = f"fetch({_javascript_text(request.url)}" + (f", {{\n{inside}}})" if options else ")")
    read = {
        "json": "await response.json()",
        "text": "await response.text()",
        "none": "response.status",
    }
    return (
        f"const response = await {call};\n"
        "if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);\n"
        f"console.log({read[request.response_format]});"
    )


def _javascript_data(request: Request) -> str:
    match request.encoding:
        case "json":
            return f"JSON.stringify({_javascript(request.body, 1)})"
        case "form":
            return f"new URLSearchParams({_javascript(_text_values(request), 1)})"
        case "multipart":
            # FormData has no literal syntax, so it is filled from a list of parts.
            parts = _javascript(list(map(list, _text_values(request).items())), 1)
            append = "(form, [name, value]) => (form.append(name, value), form)"
            return f"{parts}.reduce({append}, new FormData())"
        case "raw":
            return _javascript(request.body)


def _javascript_text(text: Text) -> str:
    if text.variable is None:
        return _javascript(text.before)
    variable = f"process.env.{text.variable}"
    return f"{_javascript(text.before)} + {variable}" if text.before else variable


def _javascript(value: Json, depth: int = 0) -> str:
    """Return a value as a JavaScript literal."""
    inner, outer = "  " * (depth + 1), "  " * depth
    match value:
        case dict() if value:
            lines = (
                f"{inner}{_javascript_name(name)}: {_javascript(item, depth + 1)},\n"
                for name, item in value.items()
            )
            return f"{{\n{''.join(lines)}{outer}}}"
        case list() if value:
            items = "".join(f"{inner}{_javascript(item, depth + 1)},\n" for item in value)
            return f"[\n{items}{outer}]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _javascript_name(name: str) -> str:
    if name == "__proto__":  # in a literal, this name would set the prototype
        return '["__proto__"]'
    return (
        name
        if re.fullmatch(r"[A-Za-z_$][\w$]*", name, re.ASCII)
        else json.dumps(name, ensure_ascii=False)
    )


# --- together


def pretty_json(value: Json) -> str:
    """Return indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text_values(request: Request) -> dict[str, str]:
    return {name: _as_text(value) for name, value in request.body.items()}


LANGUAGES = {
    "curl": _Language("curl", "bash", "curl in a shell such as bash", curl),
    "python": _Language("Python", "python", "Python 3 with requests: pip install requests", python),
    "javascript": _Language(
        "JavaScript", "javascript", "Node.js 18 or newer, which has fetch; save as .mjs", javascript
    ),
}
