"""The settings that the guides list are the settings that the programs have."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import NODEFAULT, Struct, structs

from contract_tests import cli, flags
from contract_tests.settings import Settings as KitSettings
from mockserver import pytest_plugin, setting_values, settings
from mockserver.limits import Limits
from tests.guides.markdown import code, guide

FIELDS_OF_THE_KIT = {"report": "reports", "rate-limit": "per_second"}
"""Settings of the kit that have another name than their flag."""


def rows(chapter: str, table: int = 0) -> list[list[str]]:
    """The rows of a table of a chapter."""
    return guide("settings", chapter).tables[table][1:]


def defaults_of(kind: type[Any]) -> dict[str, Any]:
    """The default of each field of a settings class; MISSING where there is none."""
    if issubclass(kind, Struct):
        return {
            field.name: MISSING if field.default is NODEFAULT else field.default
            for field in structs.fields(kind)
        }
    return {
        field.name: field.default if field.default_factory is MISSING else MISSING
        for field in fields(kind)
    }


def shown(value: Any) -> str | None:
    """How a table shows a default; None where it takes words to say it."""
    if value is MISSING or value in (None, (), ""):
        return None
    if value is False:
        return "off"
    return f"`{value:g}s`" if isinstance(value, float) else f"`{value}`"


def check_defaults(listed: Sequence[Sequence[str]], defaults: dict[str, Any]) -> None:
    """Compare the default column with the defaults of the code."""
    for row in listed:
        flag, default = code(row[0])[0].removeprefix("--"), row[-2]
        field = FIELDS_OF_THE_KIT.get(flag, flag.replace("-", "_"))
        expected = shown(defaults.get(field, MISSING))
        if expected is None:
            assert "`" not in default, row
        else:
            assert default == expected, row


@pytest.mark.parametrize(
    ("command", "table", "kind"),
    [
        ("serve", settings.SETTINGS, settings.Settings),
        ("limits", settings.LIMITS, Limits),
        ("docs", settings.DOCS_SETTINGS, settings.DocsSettings),
    ],
)
def test_flags_variables_and_defaults_of_the_mock(
    command: str, table: Sequence[Any], kind: type[Any]
) -> None:
    """The table of each command has every flag with its variable, and no other."""
    parser = argparse.ArgumentParser(add_help=False)
    settings.add_flags(parser, table)
    listed = rows("mockserver serve", ["serve", "limits", "docs"].index(command))
    flags_of_parser = [action.option_strings[0] for action in parser._actions]
    assert [code(row[0])[0] for row in listed] == flags_of_parser
    assert [code(row[1])[0] for row in listed] == [setting.variable for setting in table]
    check_defaults(listed, defaults_of(kind))


def test_flags_and_defaults_of_the_kit() -> None:
    """The table has every flag of ``contract-tests run``, and no other."""
    parser = argparse.ArgumentParser()
    module = importlib.import_module(cli.COMMANDS["run"][0])
    commands = parser.add_subparsers()
    module.add_parser(commands)
    known = [
        action.option_strings[-1]
        for action in commands.choices["run"]._actions
        if action.option_strings and action.dest not in ("help", "version")
    ]
    listed = rows("contract-tests run")
    assert [code(row[0])[0] for row in listed] == known
    check_defaults(listed, defaults_of(KitSettings))
    assert {flags.flag_name(name) for name in flags.FLAGS} == set(known)


def test_options_of_the_pytest_plugin() -> None:
    """The table has every option of the configuration file, and no other."""
    names: list[str] = []

    class Parser:
        def addini(self, name: str, *_: Any, **__: Any) -> None:
            names.append(name)

    pytest_plugin.pytest_addoption(cast(pytest.Parser, Parser()))
    listed = guide("pytest").rows("option", "default", "meaning")
    assert [code(row[0])[0] for row in listed] == names


def test_values_of_the_kits_lists() -> None:
    """The reports and drivers that the guides name are those of the code."""
    from contract_tests.runner import PHASES
    from contract_tests.settings import REPORTS

    meanings = {code(row[0])[0]: row[-1] for row in rows("contract-tests run")}
    assert code(meanings["--report"]) == list(REPORTS)
    drivers = guide("contract-kit").rows("driver", "sends")
    assert [code(row[0])[0] for row in drivers] == list(PHASES)


def test_log_levels() -> None:
    """The guide names every level."""
    meanings = {code(row[0])[0]: row[-1] for row in rows("mockserver serve")}
    assert tuple(dict.fromkeys(code(meanings["--log-level"]))) == setting_values.LOG_LEVELS


def test_a_folder_of_fixtures_is_as_described() -> None:
    """``--fixtures`` names what is in the folder."""
    meanings = {code(row[0])[0]: row[-1] for row in rows("mockserver serve")}
    folder = Path(__file__).parents[2] / "fixtures"
    assert all((folder / name).exists() for name in code(meanings["--fixtures"]))
