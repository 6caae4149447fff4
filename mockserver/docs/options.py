"""Options of the pages."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mockserver.docs.guides import Guide

GENERATED = "This page was generated from the OpenAPI spec."
"""How the banner of every page begins."""
PACKAGED = "make generate-docs"
"""The command that generates the pages of the packaged contract again."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the pages show."""

    provenance: Literal["documented", "all"] = "all"
    """``documented`` makes the published page: its layout, without observed or assumed parts."""
    examples: Literal["realistic", "placeholder"] = "realistic"
    """Realistic examples come from the document; placeholders are the published page's."""
    api_key: str = ""
    """The key that the forms of a live page start with."""
    origin: str = ""
    """The address of the mock that serves a live page, without a slash at the end."""
    command: str = PACKAGED
    """The command that generates the pages again; empty for pages that a server makes."""
    guides: tuple[Guide, ...] = ()
    """Guides that are pages beside the reference."""

    @property
    def banner(self) -> str:
        """The sentences of a page about its origin."""
        if not self.command:
            return GENERATED
        ticks = "``" if "`" in self.command else "`"
        return f"{GENERATED} Run {ticks}{self.command}{ticks} to refresh after spec changes."


def command_of(spec: Path, guides: Path | None = None) -> str:
    """Return the command that generates the pages of a document that is not the packaged one."""
    with_guides = f" --guides {shlex.quote(guides.name)}" if guides is not None else ""
    return f"mockserver docs --spec {shlex.quote(spec.name)}{with_guides}"
