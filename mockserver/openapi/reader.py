"""Reads an OpenAPI document of any version into the form that the mock serves.

The form is OpenAPI 3.0 for documents of 2.0 and 3.0, and that of ``normal_form`` for later ones.
It is one document, whose references have targets and whose operations have names. What is wrong but
can be lived with is a warning.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct

from mockserver.openapi import official, paths, references, yaml_file
from mockserver.openapi.problems import MAX_WARNINGS, Problems, shorten
from mockserver.openapi.schemas import DRAFT_4, DRAFT_2020_12, Dialect
from mockserver.openapi.yaml_file import FileError

Node = dict[str, Any]


class Reading(Struct, frozen=True):
    """A document that was read, with what was wrong with it."""

    document: Node
    version: str
    """The version of the file, such as ``3.0``."""
    dialect: Dialect
    problems: Problems
    files: tuple[Path, ...]
    """All files that were read, the document itself first."""


def read(path: Path, *, allow_remote: bool = False) -> Reading:
    """Read a document from a file. Raise FileError, with the line, if it cannot be served."""
    return interpret(yaml_file.load(path), Problems([path]), allow_remote=allow_remote)


def interpret(document: Any, problems: Problems, *, allow_remote: bool = False) -> Reading:
    """Bring a document into the form that is served, in place. Raise FileError, with the line."""
    path = problems.paths[0]
    version = version_of(document, path)
    files, reasons = [path], {}
    parts = references.collect(document)
    if parts.is_external:
        from mockserver.openapi import bundle

        bundled = bundle.Bundle(path, document, problems, allow_remote)
        bundled.run()
        files, reasons = [path, *bundled.files], bundled.reasons
        parts = references.collect(document)
    references.repair_patterns(parts, problems)
    if version == "2.0":
        from mockserver.openapi import swagger

        document = swagger.converted(document, problems)
    if _is_corrected(document, version, problems):
        parts = references.collect(document)
    references.check(document, parts, problems, reasons)
    paths.complete(document, problems, version)
    dialect = DRAFT_4 if version in ("2.0", "3.0") else DRAFT_2020_12
    return Reading(document, version, dialect, problems, tuple(files))


def version_of(document: Any, path: Path) -> str:
    """Return the version of a document, such as ``3.0``. Raise FileError for an unknown one."""
    fields = document if isinstance(document, dict) else {}
    version = fields.get("openapi", fields.get("swagger"))
    number = ".".join(str(version).split(".")[:2])
    if number not in official.VERSIONS or ("swagger" in fields) != (number == "2.0"):
        problem = "must be an OpenAPI document of version 2.0, 3.0, 3.1 or 3.2, but"
        found = f"has {version!r}"
        if not isinstance(document, dict):
            found = yaml_file.describe(document)
        elif not {"openapi", "swagger"} & fields.keys():
            found = "has no field 'openapi' or 'swagger'"
        raise FileError(path, shorten(f"{problem} {found}"), 1)
    return number


def _is_corrected(document: Node, version: str, problems: Problems) -> bool:
    """Correct what is wrong with a document, in place. Return whether it may have changed."""
    served = "3.0" if version == "2.0" else version
    is_json_schema = served != "3.0"
    wrong = [*islice(official.errors(document, served), 1)] if not is_json_schema else []
    if not wrong and not is_json_schema:
        return version == "2.0"
    if problems.is_strict and wrong:
        raise problems.error(*wrong[0])
    from mockserver.openapi import cleaner, schema_checks

    roots = cleaner.clean(document, problems, is_json_schema=is_json_schema)
    schema_checks.repair(roots, problems, is_json_schema=is_json_schema)
    known = {
        warning.pointer[:length]
        for warning in problems.warnings
        for length in range(len(warning.pointer) + 1)
    }
    for pointer, problem in islice(official.errors(document, served), MAX_WARNINGS):
        if pointer not in known:
            problems.warn(pointer, problem)
    return True
