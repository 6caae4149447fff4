"""The Markdown of guides as a server serves it: its links lead to what the server has."""

from __future__ import annotations

import re
from collections.abc import Collection

from mockserver.docs.guide_html import project_path

_PART = re.compile(
    r"""
    (?P<fence>^([ ]*)(```|~~~).*?^\2\3[ ]*$)
    | (?P<left_out><!--.*?-->\n* | !\[[^\]]*\]\([^)\s]+\)\n*)
    | \[(?P<shown>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s]+)\)
    | (?P<code>`[^`\n]+`)
    """,
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
_OTHERS = {
    "../../spec/openapi.yaml": "../../openapi.yaml",
    "../reference.html": "../reference",
    "../reference.md": "../reference.md",
    "../llms.txt": "../llms.txt",
    "../llms-full.txt": "../llms-full.txt",
}
"""Addresses on a server of further files, by their path from the folder of the guides."""
_OPERATION = re.compile(r"\.\./reference/\w+\.md")


def served(text: str, guides: Collection[str]) -> str:
    """Return a guide without comments and pictures, its code as it is.

    A link to a file that is not served becomes its text and the path of the file. ``guides`` are
    the names of the files that are.
    """

    def part(found: re.Match[str]) -> str:
        if found["left_out"]:
            return ""
        shown, target = found["shown"], found["target"]
        path, mark, fragment = (target or "").partition("#")
        if ":" in path or not path or path in guides or _OPERATION.fullmatch(path):
            return found[0]
        if path in _OTHERS:
            return f"[{shown}]({_OTHERS[path]}{mark}{fragment})"
        name = project_path(target, shown)
        return f"{shown} (`{name}`)" if name else shown

    return _PART.sub(part, text)
