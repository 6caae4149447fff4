"""The environment of the pages' templates renders as Jinja2's own does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined, UndefinedError
from markupsafe import Markup, escape

from mockserver.billing.hosted.environment import environment, escaped

OWN = environment({"shout": str.upper})
PLAIN = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
PLAIN.filters["shout"] = str.upper
TEMPLATE = (
    "{% macro item(value) %}<li>{{ value }}{% endmacro %}"
    "{% set joined = text ~ '<' ~ value %}"
    "{{ text }}{{ value }}{{ text | shout }}{{ joined }}{{ item(text) }}"
    '{% for part in parts %}<a href="{{ part }}">{{ loop.index }}</a>{% endfor %}'
)

texts = st.text(st.sampled_from("a&<>'\"é•{}"), max_size=8)
values: st.SearchStrategy[Any] = (
    texts | texts.map(Markup) | st.none() | st.integers() | st.booleans()
)


@given(values)
def test_values_are_escaped_as_markupsafe_escapes_them(value: Any) -> None:
    """Markup stays as it is, and anything else becomes text."""
    assert escaped(value) == escape(value)


@given(texts, values, st.lists(texts, max_size=3))
def test_a_template_renders_as_with_jinja2_alone(text: str, value: Any, parts: list[str]) -> None:
    """In macros, loops, filters and concatenations."""
    facts = {"text": text, "value": value, "parts": parts}
    own, plain = (env.from_string(TEMPLATE).render(**facts) for env in (OWN, PLAIN))
    assert own == plain


def test_a_missing_fact_is_an_error() -> None:
    """A page with a hole would look right."""
    with pytest.raises(UndefinedError):
        OWN.from_string("{{ nothing }}").render()
