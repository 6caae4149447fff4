"""Options of the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Options:
    """What the pages show."""

    provenance: Literal["documented", "all"] = "all"
    """``documented`` makes the published page: its layout, without observed or assumed parts."""
    examples: Literal["realistic", "placeholder"] = "realistic"
    """Realistic examples come from the document; placeholders are the published page's."""
    api_key: str = ""
    """The key that the forms of a live page start with."""
