"""``contract-tests.toml``: flags, environments and settings of operations."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from contract_tests import flags, settings_file
from contract_tests.errors import UsageError
from contract_tests.settings import Settings
from tests.contract_kit import faulty
from tests.contract_kit.program import PROJECT, Outcome, kit

MOCK_KEY = {"BILLING_API_KEY": "sk_test_settings"}
QUICK = ("--phases", "reads", "--only", "list_credit_transactions,get_balance")


def written(folder: Path, text: str) -> Path:
    file = folder / "contract-tests.toml"
    file.write_text(text)
    return file


def read(folder: Path, text: str, *words: str, env: str | None = None) -> Settings:
    """Return the settings that a file and a command line give together."""
    file = settings_file.load(written(folder, text), env)
    parser = argparse.ArgumentParser()
    flags.add(parser, *flags.FLAGS)
    return flags.read(parser.parse_args(words), file.url or "http://127.0.0.1", file.given)


def run(url: str, folder: Path, text: str, *words: str, **variables: str) -> Outcome:
    return kit("run", url, "--config", written(folder, text), *words, **{**MOCK_KEY, **variables})


def sample_of(flag: flags.Flag) -> tuple[Any, bool]:
    """Return a value for a flag, and whether it is a switch."""
    if flag.parse is None:
        return True, True
    samples = ("junit", "5", "kit", "X-A: b", "kit:env:VARIABLE", "http://proxy.example:1")
    for value in (*samples, "1/4", "major", "127.0.0.1:9000"):
        try:
            flag.parse(value)
        except ValueError:
            continue
        return value, False
    return "6c44d05e-35a0-4d51-b0b8-4e2b7f7b2f1c", False


# -------------------------------------------------------------------------------------------- flags


def test_every_flag_can_be_set_in_the_file(tmp_path: Path) -> None:
    """The file takes each flag under its long name, with hyphens or underscores."""
    for name, flag in flags.FLAGS.items():
        if name in ("config", "ca_bundle", "client_cert", "write_baseline", "public_url", "learn"):
            continue
        value, is_switch = sample_of(flag)
        shown = "true" if is_switch else f'"{value}"'
        for key in (flags.flag_name(name)[2:], flags.flag_name(name)[2:].replace("-", "_")):
            environments = "\n[environments.junit]\n" if name == "env" else ""
            settings = read(tmp_path, f"{key} = {shown}{environments}")
            expected = value if is_switch or flag.parse is None else flag.parse(value)
            assert getattr(settings, {"rate_limit": "per_second"}.get(name, name)) == expected


def test_numbers_and_lists_may_be_written_as_such(tmp_path: Path) -> None:
    """``seed = 7`` and ``only = ["a", "b"]`` need no text."""
    settings = read(tmp_path, 'seed = 7\ntimeout = 1.5\nonly = ["a", "b,c"]\nskip = "d"\n')
    assert (settings.seed, settings.timeout) == (7, 1.5)
    assert (settings.only, settings.skip) == (("a", "b", "c"), ("d",))


def test_the_command_line_wins_over_the_environment_and_that_over_the_rest(tmp_path: Path) -> None:
    """A list on the command line replaces that of the file."""
    text = 'seed = 1\nworkers = 2\nonly = ["a"]\n[environments.night]\nseed = 2\nmax-time = "1h"\n'
    settings = read(tmp_path, text, "--only", "b", env="night")
    assert (settings.seed, settings.workers, settings.max_time) == (2, 2, 3600)
    assert settings.only == ("b",)
    assert read(tmp_path, text, "--seed", "3", env="night").seed == 3
    assert read(tmp_path, text).seed == 1


def test_an_environment_has_a_url(tmp_path: Path) -> None:
    """``--env NAME`` chooses it, and a URL on the command line wins."""
    with faulty.mock() as mock:
        file = written(
            tmp_path,
            f'phases = "reads"\nonly = "get_balance"\n[environments.local]\nurl = "{mock.url}"\n'
            "mock = true\n",
        )
        outcome = kit("run", "--config", file, "--env", "local")
        assert outcome.code == 0, outcome
        assert f"{mock.url}, the mock" in outcome.out
        assert f"settings of {file}, environment local" in outcome.out
        other = kit("run", "http://127.0.0.1:9", "--config", file, "--env", "local")
        assert "http://127.0.0.1:9 cannot be reached" in other.error_line


def test_the_file_is_found_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is ``contract-tests.toml``."""
    written(tmp_path, "seed = 9\n")
    monkeypatch.chdir(tmp_path)
    assert settings_file.load(None, None).given.values == {"seed": "9"}
    (tmp_path / "contract-tests.toml").unlink()
    assert settings_file.load(None, None) == settings_file.SettingsFile()
    with pytest.raises(UsageError, match=r"--env night: there is no contract-tests\.toml here"):
        settings_file.load(None, "night")


def test_without_a_url_the_error_names_both_ways_to_give_one() -> None:
    """The command line, or an environment of the file."""
    complaint = kit("run").error_line
    assert complaint.startswith("no URL: ")
    assert "--env" in complaint


@pytest.mark.slow
def test_the_example_of_the_guide_is_valid(tmp_path: Path) -> None:
    """The file in the guide is read as it is there."""
    guide = (PROJECT / "docs/guides/settings.md").read_text()
    text = guide.partition("```toml\n")[2].partition("```")[0]
    file = settings_file.load(written(tmp_path, text), "staging")
    assert file.url == "https://staging.example.com"
    assert {"list_invoices", "create_deposit"} <= file.operations.keys()
    with faulty.mock() as mock:
        outcome = run(mock.url, tmp_path, text, *QUICK, "--report-dir", str(tmp_path / "out"))
    assert outcome.code == 0, outcome


BAD = [
    ("seed = 1\nsed = 2\n", ":2: unknown setting 'sed'; did you mean 'seed'?"),
    ("rate_limt = 1\n", ":1: unknown setting 'rate_limt'; did you mean 'rate-limit'?"),
    ("config = 'a'\n", ":1: unknown setting 'config'"),
    ("\n\nseed = true\n", ":3: 'seed' must be text or a number"),
    ("seed = [1]\n", ":1: 'seed' must be text or a number"),
    ("seed = 2026-01-01\n", ":1: 'seed' must be text or a number"),
    ("mock = 'yes'\n", ":1: 'mock' must be true or false"),
    ("only = [1]\n", ":1: 'only' must be text or a list of texts"),
    ("url = 7\n", ":1: 'url' must be text"),
    ("seed = 1\nseed = 2\n", ":2: is not valid TOML (Cannot overwrite a value)"),
    ("seed = \n", ":1: is not valid TOML (Invalid value)"),
    ("only = [", ":1: is not valid TOML"),
    ("workers = 0\n", ":1: workers must be a whole number from 1 to 64, not '0'"),
    ("[environments.night]\nworkers = 0\n", ":2: workers must be a whole number"),
    ("header = 'X-Token: hush'\n", ":1: header must be 'X-Token: env:VARIABLE'"),
    ("environments = 1\n", ":1: 'environments' must be a table, [environments]"),
    ("[environments]\nnight = 1\n", ":2: 'night' must be a table, [environments.night]"),
    ("[environments.night]\nsed = 1\n", ":2: unknown setting 'sed'; did you mean 'seed'?"),
    ("[environments.night]\nenv = 'night'\n", ":2: unknown setting 'env'"),
    ("[environments.nigth]\n", ": has no environment 'night'; did you mean 'nigth'?"),
    ("[environments.a]\n", ": has no environment 'night'; there are a"),
    ("operations = 1\n", ":1: 'operations' must be a table, [operations]"),
    ("[operations]\nget_balance = 1\n", ":2: 'get_balance' must be a table"),
    (
        "[operations.get_balance]\nskip_check = []\n",
        ":2: unknown setting 'skip_check'; did you mean 'skip_checks'?",
    ),
    ("[operations.get_balance]\nskip_checks = 1\n", ":2: 'skip_checks' must be a list of check"),
    ("[operations.get_balance]\nskip_checks = [1]\n", ":2: 'skip_checks' must be a list of check"),
    (
        "[operations.get_balance]\nskip_checks = [\n {check = 'pagnation', because = 'x'},\n]\n",
        ":2: unknown check 'pagnation'; did you mean 'pagination'?",
    ),
    (
        "[[operations.get_balance.skip_checks]]\ncheck = 'money'\n",
        ":1: 'because' must say why",
    ),
    ("[operations.get_balance]\nskip = true\n", ":2: 'because' must say why"),
    ("[operations.get_balance]\nskip = 1\nbecause = 'x'\n", ":2: 'skip' must be true or false"),
    ("[operations.get_balance]\nexpected_statuses = 201\n", ":2: 'expected_statuses' must be"),
    ("[operations.get_balance]\nexpected_statuses = ['x']\n", ":2: 'expected_statuses' must be"),
    ("[operations.get_balance]\nexpected_statuses = [7]\n", ":2: 'expected_statuses' must be"),
    ("[operations.get_balnce]\n", ":1: unknown operationId 'get_balnce'; did you mean"),
]


@pytest.mark.parametrize(("text", "expected"), BAD, ids=[expected for _, expected in BAD])
def test_a_mistake_is_one_line_with_file_and_line(tmp_path: Path, text: str, expected: str) -> None:
    """The exit code is 2, and the nearest name is suggested."""
    words = ("--env", "night") if "[environments." in text else ()
    outcome = run("http://127.0.0.1:9", tmp_path, text, *words)
    assert outcome.code == 2
    assert f"{tmp_path / 'contract-tests.toml'}{expected}" in outcome.error_line
    assert "hush" not in outcome.err


def test_every_mistake_has_its_own_line(tmp_path: Path) -> None:
    """One run reports all of them."""
    outcome = run("http://127.0.0.1:9", tmp_path, "sed = 1\nmock = 2\n[operations.a]\nskip = 3\n")
    assert [line.partition(".toml")[2][:2] for line in outcome.err.splitlines()] == [
        ":1",
        ":2",
        ":4",
    ]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, a folder, no UTF-8."""
    (tmp_path / "b.toml").write_bytes(b"\xff")
    for path in (tmp_path / "a.toml", tmp_path, tmp_path / "b.toml"):
        outcome = kit("run", "http://127.0.0.1:9", "--config", path)
        assert outcome.code == 2
        assert outcome.error_line.startswith(f"{path}: ")


def test_lines_are_those_of_tables_and_keys() -> None:
    """Quoted, dotted and nested names, and arrays of tables."""
    text = 'a = 1\n[b."c d"]\n e.f = 2 # x\n\n[[g.h]]\ni = 3\n[[g.h]]\ni = 4\n'
    assert settings_file.lines(text) == {
        ("a",): 1,
        ("b",): 2,
        ("b", "c d"): 2,
        ("b", "c d", "e"): 3,
        ("b", "c d", "e", "f"): 3,
        ("g",): 5,
        ("g", "h"): 5,
        ("g", "h", "i"): 6,
    }


# --------------------------------------------------------------------------------------- operations


@pytest.mark.slow
@pytest.mark.parametrize("check", ["pagination", "lists"])
def test_findings_of_a_skipped_check_are_known(tmp_path: Path, check: str) -> None:
    """They are shown with the reason, and do not fail the run; a check is a kind or a group."""
    text = (
        "[operations.list_credit_transactions]\n"
        f'skip_checks = [{{check = "{check}", because = "BILL-7: has_more"}}]\n'
    )
    with faulty.mock("has_more_always") as mock:
        accepted = run(mock.url, tmp_path, text, *QUICK, "--strict", "--fail-fast")
        other = run(mock.url, tmp_path, text.replace(check, "money"), *QUICK, "--strict")
    assert accepted.code == 0, accepted.out
    assert "accepted BILL-7: has_more" in accepted.out
    assert "2 of 2 operations" in accepted.verdict
    assert other.code == 1


def test_a_skipped_operation_is_not_called(tmp_path: Path) -> None:
    """The report names the reason."""
    text = '[operations.get_balance]\nskip = true\nbecause = "rewritten, BILL-9"\n'
    with faulty.mock("text_for_number") as mock:
        outcome = run(mock.url, tmp_path, text, *QUICK)
        assert not any("/balance" in request for request in mock.requests)
    assert outcome.code == 0, outcome.out
    assert "get_balance: rewritten, BILL-9" in outcome.out
    assert "1 of 1 operations" in outcome.verdict


def test_a_file_that_skips_all_is_refused(tmp_path: Path) -> None:
    """A run without an operation proves nothing."""
    text = '[operations.get_balance]\nskip = true\nbecause = "x"\n'
    outcome = run("http://127.0.0.1:9", tmp_path, text, "--only", "get_balance")
    assert outcome.code == 2
    assert "skips every selected operation" in outcome.error_line


def test_an_expected_status_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its body is validated like that of the documented status of the same class."""

    def created(response: faulty.Response) -> None:
        if (response.method, response.path) == ("POST", f"{faulty.API}/setup-intent"):
            response.status = 201 if response.status == 200 else response.status

    def created_without_a_body(response: faulty.Response) -> None:
        created(response)
        if response.status == 201:
            response.body = b"{}"

    words = ("--phases", "boundaries", "--only", "setup-intent,create_setup_intent", "--mock")
    text = "[operations.create_setup_intent]\nexpected_statuses = [201]\n"
    monkeypatch.setitem(faulty.FAULTS, "created", created)
    monkeypatch.setitem(faulty.FAULTS, "no_body", created_without_a_body)
    words = ("--phases", "boundaries,properties", "--only", "create_setup_intent", "--mock")
    with faulty.mock("created") as mock:
        refused = run(mock.url, tmp_path, "", *words)
        accepted = run(mock.url, tmp_path, text, *words)
    with faulty.mock("no_body") as mock:
        empty = run(mock.url, tmp_path, text, *words)
    assert refused.code == 1
    assert "responds with 201, which is not documented" in refused.out
    assert accepted.code == 0, accepted.out
    assert empty.code == 1
    assert "is missing" in empty.out
