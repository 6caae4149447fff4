"""Stories: what each needs, what is skipped without it, and what runs by hooks alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract_tests.billing.adapters import HOOKS
from contract_tests.billing.races import RACES
from contract_tests.billing.stories.actor import Actor, new_actor
from contract_tests.billing.stories.catalogue import STORIES
from contract_tests.drivers.stories import run_story
from contract_tests.hooks.hook import Hooks
from contract_tests.hooks.python_file import HookFile
from contract_tests.knowledge import IRREVERSIBLE, LISTEN, MOCK, WRITE, Story
from tests.contract_kit import faulty
from tests.contract_kit.billing.playing import EXAMPLE, played, played_by_hooks, rules, skipped
from tests.contract_kit.driving import make_run
from tests.contract_kit.program import PROJECT, kit
from tests.mutants.faults import FAULTS
from tests.mutants.server import faulty_app

KEY = "planted-hook-key-5up3rs3cr3t"
NAMES = [story.name for story in STORIES]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with faulty.mock() as mock:
        yield mock.url


def test_stories_need_known_things() -> None:
    """A need is a permission, a flag or a hook, and each hook is needed by some story."""
    needs = frozenset().union(*(story.needs for story in (*STORIES, *RACES)))
    assert needs <= {*HOOKS, WRITE, IRREVERSIBLE, LISTEN, MOCK}
    optional = {"catalogue", "expire", "now", "webhook_secret"}
    assert set(HOOKS) - needs == optional
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.slow
def test_without_hooks_the_stories_of_the_api_alone_run(url: str, tmp_path: Path) -> None:
    """At least 18 stories need no hook; the others name the first one that is missing."""
    run = played(url, "stories", allow_irreversible=True, journal=tmp_path / "journal")
    reasons = skipped(run)
    assert len(STORIES) - len(reasons) >= 18
    assert (list(run.verdicts), run.broken) == ([], [])
    assert all("needs `" in why or why.startswith("needs --") for why in reasons.values())
    assert reasons["story: a_credit_pack_is_bought"] == "needs `pay` (--hooks)"
    assert reasons["story: alerts_are_delivered"] == "needs --listen"


def test_a_story_ends_where_a_response_lacks_a_field(url: str) -> None:
    """The story is skipped with what it missed, and the run goes on."""

    def reads(actor: Actor) -> None:
        actor.do("get_balance")["not_shown"]

    run = make_run(url, mock=True)
    run_story(run, Story(reads, frozenset(), ("get_balance",)), new_actor, frozenset())
    reason = "a response is not as the contract describes it (KeyError: 'not_shown')"
    assert skipped(run) == {"story: reads": reason}


@pytest.mark.slow
def test_all_stories_run_by_hooks_alone(url: str, tmp_path: Path) -> None:
    """The example for the mock runs at least 55 stories without ``--mock``, and finds nothing.

    The clock of this mock runs, as that of a deployment does.
    """
    run = played_by_hooks(url, tmp_path, "stories", "races", listen="127.0.0.1:0")
    reasons = skipped(run)
    assert len(STORIES) - len(reasons) >= 55
    assert reasons == dict.fromkeys(
        ("story: events_are_delivered", "story: an_unpaid_plan_ends"), "needs --mock"
    )
    assert [(found.key, found.got) for found in run.verdicts] == []
    assert run.broken == []


def test_a_skipped_capability_is_one_line(url: str, tmp_path: Path) -> None:
    """The report counts the stories that lack a hook, by the first that each lacks."""
    outcome = kit(
        *("run", url, "--allow-irreversible", "--phases", "stories", "--only", "get_balance"),
        *("--journal", tmp_path / "journal"),
        BILLING_API_KEY="sk_test_one_line",
    )
    assert "\n  1 story needs `use` (--hooks)\n" in outcome.out
    assert "\n  2 stories need `fresh` (--hooks)\n" in outcome.out
    assert "every_response_counts_down" not in outcome.out


@pytest.mark.parametrize(
    ("mutant", "rule"),
    [("promo-code-usable-twice", "code_once"), ("code-works-twice", "refused")],
)
def test_what_is_good_twice_is_found_by_hooks(tmp_path: Path, mutant: str, rule: str) -> None:
    """A promo code and a verification code are good once."""
    only: tuple[str, ...] = ("create_deposit", "get_balance", "validate_promo_code")
    only += ("initiate_verification", "confirm_verification")
    with faulty_app(FAULTS[mutant]) as broken, faulty.upstream(broken) as running:
        run = played_by_hooks(running.url, tmp_path, "stories", only=only)
    assert rule in rules(run)


@pytest.mark.slow
def test_tenants_are_compared_by_a_fresh_account(url: str, tmp_path: Path) -> None:
    """The hook ``fresh`` stands in for a second key."""
    run = played_by_hooks(url, tmp_path, "tenants")
    assert "tenants" not in skipped(run)
    assert list(run.verdicts) == []


@pytest.mark.slow
def test_one_account_is_reset_between_stories(url: str, tmp_path: Path) -> None:
    """With ``forget`` alone, stories of plans run on the user's account, and it is not put back."""
    hooks = tmp_path / "hooks.py"
    source = EXAMPLE.read_text(encoding="utf-8").replace("def fresh(", "def _fresh(")
    hooks.write_text(source, encoding="utf-8")
    only: tuple[str, ...] = (
        "change_plan",
        "get_subscription",
        "list_invoices",
        "get_balance",
        "list_audit_log",
    )
    only += ("add_payment_method", "list_payment_methods")
    only += ("remove_payment_method", "set_default_payment_method")
    run = played_by_hooks(url, tmp_path, "stories", hooks=hooks, only=only)
    assert [(found.key, found.got) for found in run.verdicts] == []
    assert "story: a_plan_is_started" not in skipped(run)
    assert skipped(run)["story: a_declined_charge_starts_nothing"] == "needs `fresh` (--hooks)"


# --------------------------------------------------------------------------------- hooks that fail


def failing(folder: Path, source: str) -> Path:
    path = folder / "hooks.py"
    path.write_text(source, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("raise ValueError('no session')", "hooks.py: pay: ValueError: no session (line 2)"),
        ("raise ValueError(account.key)", "hooks.py: pay: ValueError: [api-key] (line 2)"),
    ],
)
def test_a_hook_that_fails_is_one_line_and_the_run_incomplete(
    url: str, tmp_path: Path, source: str, complaint: str
) -> None:
    """Its stories are skipped, the key is hidden, and the hook is not called for ever."""
    hooks = failing(tmp_path, f"def pay(account, session):\n    {source}\n")
    run = played_by_hooks(
        url,
        tmp_path,
        "stories",
        hooks=hooks,
        only=("create_deposit", "get_balance", "create_checkout_session"),
        environment={"BILLING_API_KEY": f"sk_test_{KEY}"},
    )
    assert run.broken == [complaint]
    assert run.result().outcome == "incomplete"
    whys = list(skipped(run).values())
    assert whys.count(complaint) == run.hook_failures["pay"] == 2
    assert KEY not in json.dumps(whys + run.broken)


@pytest.mark.parametrize(
    ("hook", "complaint"),
    [
        ("def read_code(): return {}", "hooks.py: read_code: must return text, not dict"),
        ("def read_code(): return ''", "hooks.py: read_code: must return text, not str"),
    ],
)
def test_a_hook_that_returns_nonsense_is_named(
    url: str, tmp_path: Path, hook: str, complaint: str
) -> None:
    """What it must return is said."""
    hooks = failing(tmp_path, hook)
    only = ("initiate_verification", "confirm_verification", "list_audit_log")
    run = played_by_hooks(url, tmp_path, "stories", hooks=hooks, only=only)
    assert run.broken == [complaint]


def test_wrong_hooks_end_the_run_before_its_first_request(url: str, tmp_path: Path) -> None:
    """A misspelt parameter is one line with a suggestion."""
    hooks = failing(tmp_path, "def pay(sesion): ...")
    outcome = kit("run", url, "--mock", "--hooks", hooks)
    assert (outcome.code, "did you mean 'session'?" in outcome.error_line) == (2, True)


def test_a_wrong_address_is_refused(url: str) -> None:
    """``--listen`` takes a host and a port, and ``--public-url`` needs it."""
    assert "HOST:PORT" in kit("run", url, "--mock", "--listen", "9000").error_line
    outcome = kit("run", url, "--mock", "--public-url", "https://kit.example.com")
    assert outcome.error_line.startswith("--public-url needs --listen")


def test_an_address_that_is_taken_is_refused(url: str) -> None:
    """The run ends before its first request."""
    outcome = kit("run", url, "--mock", "--listen", url.removeprefix("http://"))
    assert (outcome.code, "Address already in use" in outcome.error_line) == (2, True)


def test_the_hooks_for_staging_have_the_names_of_hooks() -> None:
    """The example loads, and offers what most stories need."""
    source = HookFile(PROJECT / "examples" / "hooks" / "staging.py", HOOKS)
    hooks = Hooks([source], HOOKS)
    hooks.close()
    assert hooks.names == set(HOOKS) - {"expire", "forget"}
