"""``report.json``: the document itself, see ``document`` for its fields."""

from __future__ import annotations

import json

from contract_tests.reports.document import Json


def text(document: Json) -> str:
    """Return the text of the file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
