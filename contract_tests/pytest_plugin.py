"""The options of ``pytest --pyargs contract_tests --base-url URL``, wherever the kit is installed.

pytest finds the plugin by the entry point of the installed package, and loads it in every run on
such a machine. So it adds no options and imports nothing heavy until the kit's tests are named.
(PYTEST_DONT_REWRITE: no assertions.)

Every flag of ``contract-tests run`` has an option ``--contract-FLAG``. It can be written
``--FLAG``, too, unless pytest or another plugin has an option of that name.
"""

from __future__ import annotations

import argparse
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from contract_tests.errors import KitError
from contract_tests.settings import Settings

_SETTINGS = pytest.StashKey[Settings]()
_PACKAGE = Path(__file__).resolve().parent
_GROUP = "contract"
_A_MOCK = "http://127.0.0.1"
"""Stands for the mock that is started when the tests begin."""
_WITHOUT = ("quiet", "write_baseline", "baseline_owner", "baseline_reason")
"""Flags of ``contract-tests run`` that mean nothing here."""


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Add the options if the kit is named, after all that other plugins and conftests add."""
    outcome = yield
    if names_the_kit(args):
        add_options(parser)
    return outcome


def names_the_kit(args: Sequence[str]) -> bool:
    """Return whether one of the arguments is the kit, a module or a folder of it, or a test."""
    words = [str(word).split("::")[0] for word in args]
    return any(
        word.split(".")[0] == _PACKAGE.name or _is_within(Path(word))
        for word in words
        if not word.startswith("-")
    )


def add_options(parser: pytest.Parser) -> None:
    """Add the options once, under the names that are free."""
    from contract_tests.flags import FLAGS, flag_name

    group = parser.getgroup(_GROUP, "the contract kit")
    if group.options:
        return
    url = "the deployment to test; without it a mock is started"
    _add(group, "--base-url", dest="contract_base_url", metavar="URL", help=url)
    for name, flag in FLAGS.items():
        if name in _WITHOUT:
            continue
        if flag.parse is None:
            _add(
                group,
                flag_name(name),
                dest=f"contract_{name}",
                action="store_true",
                default=False,
                help=flag.help,
            )
        else:
            action = "append" if flag.is_list else "store"
            _add(
                group,
                flag_name(name),
                dest=f"contract_{name}",
                action=action,
                metavar=flag.metavar,
                help=flag.help,
            )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse wrong options before anything is collected."""
    if config.getoption("contract_spec", pytest) is not pytest:
        settings_of(config)


def settings_of(config: pytest.Config) -> Settings:
    """Return the settings that the options give. Their URL is empty if a mock is to be started."""
    if _SETTINGS not in config.stash:
        config.stash[_SETTINGS] = _read(config)
    return config.stash[_SETTINGS]


def _read(config: pytest.Config) -> Settings:
    from contract_tests.flags import FLAGS, read

    url = config.getoption("contract_base_url", None) or config.getoption("base_url", None)
    words = {name: config.getoption(f"contract_{name}", None) for name in FLAGS}
    try:
        settings = read(argparse.Namespace(**words), url or _A_MOCK)
    except KitError as error:
        raise pytest.UsageError(str(error)) from None
    return settings if url else replace(settings, mock=True, url="")


def _add(group: pytest.OptionGroup, name: str, **attributes: object) -> None:
    prefixed = name if name.startswith("--contract-") else f"--contract-{name[2:]}"
    try:
        group.addoption(prefixed, name, **attributes)
    except (ValueError, argparse.ArgumentError):  # another plugin has the short name
        group.addoption(prefixed, **attributes)


def _is_within(path: Path) -> bool:
    try:
        return path.exists() and path.resolve().is_relative_to(_PACKAGE)
    except (OSError, ValueError):  # a long expression is no path
        return False
