"""What the published page contains, and in which order."""

from __future__ import annotations

from tests.docs.specs import markdown, reference, responding, spec, taking, to


def test_paths_are_sorted_with_braces_after_letters_and_methods_are_not() -> None:
    """The order of paths in the document does not matter."""
    document = spec(
        {
            "/b": {"post": {}, "get": {}},
            "/a/{id}": {"delete": {}},
            "/a/zz": {"get": {}},
            "/a/ü": {"get": {}},
            "/a": {"put": {}},
        }
    )
    assert [operation.heading for operation in reference(document).operations] == [
        "PUT /a",
        "GET /a/zz",
        "GET /a/ü",
        "DELETE /a/{id}",
        "POST /b",
        "GET /b",
    ]


def test_undocumented_parts_are_left_out() -> None:
    """Operations, parameters, properties and descriptions have a mark or inherit it."""
    document = spec(
        {
            "/a": {
                "post": {
                    "parameters": [
                        {
                            "name": "kept",
                            "in": "query",
                            "description": "Ours.",
                            "x-description-provenance": "assumed",
                        },
                        {"name": "dropped", "in": "query", "x-provenance": "observed"},
                    ],
                    "requestBody": taking(
                        {"properties": {"dropped": {}, "kept_too": {"x-provenance": "documented"}}},
                        **{"x-provenance": "assumed"},
                    ),
                    "responses": responding(to("Thing")),
                },
                "get": {"x-provenance": "assumed", "summary": "Nobody knows"},
            }
        },
        {"Thing": {"properties": {"a": {"type": "integer"}, "b": {"x-provenance": "assumed"}}}},
        **{"x-provenance": "documented"},
    )
    page = markdown(document, "documented", "placeholder")
    assert "| kept | any | Optional | kept |" in page
    assert "| kept\\_too" not in page  # an underscore within a word means nothing in Markdown
    assert "| kept_too | any | Optional | kept_too |" in page
    assert "dropped" not in page
    assert "Nobody knows" not in page
    assert '```json\n{\n  "a": 0\n}\n```' in page


def test_a_document_without_marks_is_documented() -> None:
    """It has nothing to leave out."""
    page = markdown(spec({"/a": {"get": {"summary": "Get it"}}}), "documented", "placeholder")
    assert "## GET /a\n\n`GET` `/a`\n\nGet it\n\n### Request Example" in page
    assert '```json\n{\n  "status": "ok"\n}\n```' in page


def test_each_tag_is_a_page() -> None:
    """Every tag has its own chapter."""
    paths = {
        "/1": {"get": {}},
        "/2": {"get": {"tags": ["New"]}},
        "/3": {"get": {"tags": ["B", "A"]}},
        "/4": {"get": {"tags": ["A"]}},
    }
    tags = [{"name": "A", "description": "First."}, {"name": "Unused"}, {"name": "B"}]
    page = markdown(spec(paths, tags=tags), "documented", "placeholder")
    heads = [line for line in page.splitlines() if line.startswith(("# ", "## "))]
    assert heads == [
        "# A",
        "## GET /4",
        "# B",
        "## GET /3",
        "# New",
        "## GET /2",
        "# Other",
        "## GET /1",
    ]
    assert "# A\n\nFirst.\n\n> This page" in page


def test_a_tag_without_a_description_has_the_subtitle_of_the_vendor() -> None:
    """A description that is not documented is none."""
    tags = [
        {"name": "Account"},
        {"name": "Jobs", "description": "Of jobs.", "x-description-provenance": "assumed"},
        {"name": "Keys", "description": "About keys."},
    ]
    paths = {f"/{tag['name']}": {"get": {"tags": [tag["name"]]}} for tag in tags}
    page = markdown({**spec(paths), "tags": tags}, provenance="documented")
    assert "# Account\n\nAPI reference for account endpoints.\n" in page
    assert "# Jobs\n\nAPI reference for jobs endpoints.\n" in page
    assert "# Keys\n\nAbout keys.\n" in page
