"""``report.json``: the document itself. Its fields are described in ``document``."""

from __future__ import annotations

import json

from contract_tests.reports.document import Json


def text(document: Json) -> str:
    """The file's text."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
