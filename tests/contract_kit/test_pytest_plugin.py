"""``pytest --pyargs contract_tests`` in a folder that has nothing to do with the checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from contract_tests import pytest_plugin
from contract_tests.flags import FLAGS, flag_name
from tests.contract_kit import faulty
from tests.contract_kit.program import PROJECT, environment

WITHIN_SECONDS = 90
SHORT = ("--mock", "--phases", "reads", "--contract-only", "get_balance", "-q", "-k", "get_balance")
CLASHING = """
def pytest_addoption(parser):
    parser.addoption("--base-url", dest="base_url", default=None)
    parser.addoption("--spec", action="store_true", help="of somebody else")
    parser.addoption("--max-time", type=int)
"""


def pytest_in(folder: Path, *words: str, code: int = 0) -> str:
    """Run pytest in a folder, and return its output."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


@pytest.mark.slow
def test_the_kit_runs_outside_of_the_checkout(tmp_path: Path) -> None:
    """The options are those of the installed package, and the reports are written."""
    words = ("--contract-report", "junit,json", "--contract-report-dir", "out")
    with faulty.mock() as mock:
        output = pytest_in(
            tmp_path, "--pyargs", "contract_tests", "--base-url", mock.url, *SHORT, *words
        )
    assert "operations: 1 of 1" in output
    assert "reports in out: junit.xml, report.json" in output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"junit.xml", "report.json"}


@pytest.mark.slow
def test_a_violation_fails_a_test_outside_of_the_checkout(tmp_path: Path) -> None:
    """The test of the operation and the check fails, and no other one."""
    with faulty.mock("text_for_number") as mock:
        output = pytest_in(
            tmp_path, "--pyargs", "contract_tests", "--base-url", mock.url, *SHORT, code=1
        )
    assert "[get_balance-schema]" in output
    assert "1 failed" in output


@pytest.mark.slow
def test_options_of_other_plugins_keep_their_names(tmp_path: Path) -> None:
    """pytest-base-url's ``--base-url`` names the deployment, and ours have a longer name."""
    (tmp_path / "clashing.py").write_text(CLASHING)
    plugin = ("-p", "clashing", "--spec", "--max-time", "3", "--contract-max-time", "2m")
    with faulty.mock() as mock:
        words = ("--base-url", mock.url, *plugin, *SHORT)
        output = pytest_in(tmp_path, "--pyargs", "contract_tests", *words)
    assert "operations: 1 of 1" in output


@pytest.mark.slow
def test_options_of_a_conftest_keep_their_names(tmp_path: Path) -> None:
    """A suite of its own may have an option of the same name in its conftest.py."""
    (tmp_path / "conftest.py").write_text(CLASHING)
    with faulty.mock() as mock:
        words = ("--contract-base-url", mock.url, *SHORT)
        output = pytest_in(tmp_path, "--pyargs", "contract_tests", *words)
    assert "operations: 1 of 1" in output


@pytest.mark.slow
def test_a_suite_that_does_not_name_the_kit_has_none_of_its_options(tmp_path: Path) -> None:
    """Installing the kit changes no other suite, and imports nothing."""
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "def test_light():\n"
        "    heavy = {'requests', 'schemathesis', 'hypothesis', 'contract_tests.flags'}\n"
        "    assert 'contract_tests.pytest_plugin' in sys.modules\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    pytest_in(tmp_path, "-q", "-p", "no:hypothesispytest", "-p", "no:schemathesis")
    output = pytest_in(tmp_path, "--base-url", "http://127.0.0.1:1", code=4)
    assert "unrecognized arguments: --base-url" in output


@pytest.mark.slow
def test_a_wrong_option_is_refused_in_one_line(tmp_path: Path) -> None:
    """It is a usage error of pytest."""
    words = ("--base-url", "http://127.0.0.1:1", "--contract-rate-limit", "fast")
    output = pytest_in(tmp_path, "--pyargs", "contract_tests", *words, code=4)
    assert "--rate-limit must be a rate such as 5/s or 300/m, not 'fast'" in output


@pytest.mark.slow
def test_the_checkout_has_the_same_options() -> None:
    """The conftest and the installed plugin add the options once."""
    output = pytest_in(PROJECT, "contract_tests", "--help")
    for name in set(FLAGS) - pytest_plugin.WITHOUT:
        assert f"--contract-{flag_name(name)[2:]}" in output
    for name in ("spec", "mock", "max-examples", "phases", "api-key-env"):
        assert f"--contract-{name}, --{name}" in output or f", --{name}" in output


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--pyargs", "contract_tests"], True),
        (["--pyargs", "contract_tests.test_contract::test_the_run_was_whole"], True),
        ([str(Path(pytest_plugin.__file__).parent)], True),
        (["-k", "contract", "tests"], False),
        (["--pyargs", "contract_tests_of_mine"], False),
        (["--base-url=contract_tests"], False),
        (["x" * 5_000, "a\0b"], False),
    ],
)
def test_the_kit_is_recognised_by_its_module_or_folder(words: list[str], expected: bool) -> None:
    """Nothing else adds its options."""
    assert pytest_plugin.names_the_kit(words) is expected
