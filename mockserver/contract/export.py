"""Writes an edition of an OpenAPI document as YAML or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mockserver.contract import editions
from mockserver.contract.rewriting import Node
from mockserver.openapi import official, reader, references, yaml_file
from mockserver.openapi.problems import Problems
from mockserver.openapi.yaml_file import FileError

EDITIONS = ("contract", "clients")
VERSIONS = ("3.0", "3.1")
_WIDTH = 100


def text_of(
    spec: Path,
    edition: str,
    version: str | None,
    problems: Problems,
    *,
    as_json: bool,
    command: str,
) -> str:
    """Return an edition of a document as text. Raise FileError if there is none.

    What the edition leaves out is added to ``problems``. ``command`` is how it was made, for the
    first line of a YAML file.
    """
    written_in = load(spec)
    document = edition_of(written_in, edition, version, spec)
    if document["openapi"] != written_in["openapi"]:
        for pointer, names in editions.ignored_siblings(written_in):
            text = "has no effect beside a reference in OpenAPI 3.0; it is left out"
            for name in names:
                problems.warn((*pointer, name), text)
    if as_json:
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    written: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH
    )
    return f"# Generated from {spec.name} by '{command}'. Do not edit.\n{written}"


def load(spec: Path) -> Node:
    """Return a valid document of OpenAPI 3.0 or 3.1 as it was written. Raise FileError."""
    document = yaml_file.load(spec)
    version = reader.version_of(document, spec)
    if version not in VERSIONS:
        raise FileError(spec, f"is OpenAPI {version}; 3.0 and 3.1 can be exported", 1)
    if references.collect(document).is_external:
        raise FileError(spec, "refers to other files; bundle them into one first", 1)
    for pointer, problem in official.errors(document, version):
        place = "/".join(("#", *map(str, pointer)))
        raise FileError(spec, f"is not valid OpenAPI {version}: {place}: {problem}")
    found: Node = document
    return found


def edition_of(document: Node, edition: str, version: str | None, spec: Path) -> Node:
    """Return an edition of a document in a version. Raise FileError for an older version."""
    found = ".".join(str(document["openapi"]).split(".")[:2])
    if version == "3.0" != found:
        raise FileError(spec, f"is OpenAPI {found}, which cannot be exported as 3.0", 1)
    if version == "3.1" != found:
        document = editions.as_3_1(document)
    return editions.for_clients(document) if edition == "clients" else document


def command_of(edition: str, version: str | None, out: Path | None, spec: Sequence[str]) -> str:
    """Return the command that makes an edition."""
    words = ["mockserver contract export", *spec]
    words += ["--openapi", version] if version else []
    words += ["--edition", edition] if edition != EDITIONS[0] else []
    words += ["-o", out.as_posix()] if out else []
    return " ".join(words)


_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_BASE):  # type: ignore[misc]
    """Writes YAML that parsers of 1.1 and 1.2 read alike, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _represented(dumper: Any, text: str) -> Any:
    """Represent a text: one of several lines as a block, one that looks like a number in quotes."""
    style = "|" if "\n" in text else None
    if text[:1] in set("0123456789+-."):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represented)
