"""Links of README, guides and their neighbours lead somewhere."""

from __future__ import annotations

import re

import pytest

from tests.guides.markdown import DOCUMENTS, GUIDES, README, ROOT, Document, guide


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_to_a_file_and_a_heading(document: Document) -> None:
    """The file exists, inside the project, and has the anchor."""
    for target in document.links:
        path, _, anchor = target.partition("#")
        file = (document.path.parent / path).resolve() if path else document.path
        assert file.exists(), target
        assert file.is_relative_to(ROOT), target
        if anchor:
            assert file.suffix == ".md", target
            assert anchor in Document(file).anchors, target


def test_every_guide_is_in_the_index_and_in_the_readme() -> None:
    """A guide that nobody links to is not found."""
    names = {document.path.name for document in GUIDES} - {"README.md"}
    assert names == {target for target in guide("README").links if "/" not in target}
    in_readme = {target.removeprefix("docs/guides/") for target in README.links}
    assert names <= in_readme


@pytest.mark.parametrize("document", GUIDES, ids=lambda document: document.name)
def test_a_guide_begins_with_its_purpose(document: Document) -> None:
    """Below the title stands one sentence that says for whom and for what."""
    title, purpose = document.text.split("\n\n")[:2]
    assert title.startswith("# ")
    assert re.match(r"For [\w, ]+", purpose)
    assert purpose.count(". ") == 0


def test_the_readme_is_one_page() -> None:
    """At most 130 lines and 6,500 characters; all else belongs to a guide."""
    assert README.text.count("\n") <= 130
    assert len(README.text) <= 6_500


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_prose_keeps_to_100_columns(document: Document) -> None:
    """Only tables may be wider."""
    long = [
        line for line in document.text.split("\n") if len(line) > 100 and not line.startswith("|")
    ]
    assert not long
