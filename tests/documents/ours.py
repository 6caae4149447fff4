"""The documents of this folder."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
DOCUMENTS = {path.parent.name: path for path in sorted(FOLDER.glob("*/openapi.*"))}
"""Paths by name."""
