"""The pages that a server serves beside the interactive reference. Each is made when needed."""

from __future__ import annotations

from mockserver.docs import guide_markdown, llms, markdown
from mockserver.docs.guide_html import SERVED, GuidePages
from mockserver.docs.guides import FOLDER
from mockserver.docs.model import Reference
from mockserver.docs.operation_pages import OperationPages
from mockserver.docs.options import Options


class Site:
    """Guides as HTML and Markdown, the reference as Markdown, ``llms.txt`` and ``llms-full.txt``.

    A page is kept when it has been made.
    """

    def __init__(self, reference: Reference, options: Options) -> None:
        self._reference, self._options = reference, options
        self._operations = OperationPages(reference, options)
        self._guides = GuidePages(options.guides, reference, SERVED)
        self._pages = {
            f"{FOLDER}/{'' if name == 'index' else name}": name for name in self._guides.names
        }
        files = {guide.file for guide in options.guides}
        self._sources = {
            f"{FOLDER}/{guide.file}": guide_markdown.served(guide.text, files)
            for guide in options.guides
        }
        self._made: dict[str, str] = {}

    def text(self, path: str) -> str | None:
        """Return a page by its path, such as ``guides/quickstart``; None if there is none."""
        if path not in self._made:
            text = self._make(path)
            if text is None:
                return None
            self._made[path] = text
        return self._made[path]

    def _make(self, path: str) -> str | None:
        if path in self._pages:
            return self._guides.page(self._pages[path])
        if path in self._operations.names:
            return self._operations.text(path)
        match path:
            case llms.PAGE:
                return markdown.page(self._reference, self._options)
            case "llms.txt":
                return llms.text(self._reference, self._options, self._operations.names)
            case llms.FULL:
                return llms.full(self.text(llms.PAGE) or "", self._sources.values())
        return self._sources.get(path)
