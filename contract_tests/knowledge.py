"""The seam between the general kit and the rules of one API.

``contract_tests/billing`` implements ``Knowledge``. For a document without rules, ``NoKnowledge``
stands in: everything that follows from the document alone is still judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from contract_tests.errors import UsageError
from contract_tests.hooks.hook import Hook
from contract_tests.http.client import Client
from contract_tests.judge.views import Relation, Views
from contract_tests.judge.violation import Response, Rule, Violation
from contract_tests.openapi.contract import Operation
from contract_tests.openapi.lists import ListOperation
from contract_tests.settings import Settings

Driver = Callable[[Any], None]
"""Makes traffic. Takes a Run."""
WRITE, IRREVERSIBLE = "--allow-writes", "--allow-irreversible"
"""What a story must be allowed to do."""
LISTEN, MOCK = "--listen", "--mock"
"""That callbacks are received, and that the deployment is the mock. Other needs are hooks."""


@dataclass(frozen=True)
class Story:
    """A sequence of requests written by hand, and what it needs."""

    play: Callable[[Any], None]
    """Takes the account that acts in it. Its docstring states the rule."""
    needs: frozenset[str]
    """What must be allowed, and the hooks that it uses."""
    operations: tuple[str, ...]
    """Its operations. The story is skipped if one of them is not selected."""

    @property
    def name(self) -> str:
        return self.play.__name__

    @property
    def rule(self) -> str:
        """The rule that it proves, in a sentence."""
        return (self.play.__doc__ or "").strip()


@dataclass(frozen=True)
class Effects:
    """Which views a change may change. All other views of the account must stay the same."""

    are_known: bool = False
    """Whether repeated reads without a change in between must be equal."""
    changes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The views that a change may change, by operationId. Other changes may change all views."""
    read_only_posts: frozenset[str] = frozenset()
    """POST operations that change nothing. Their responses are views, too."""
    control: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The same for paths of the mock's control API."""
    usage: frozenset[str] = frozenset()
    """Views that change whenever the account is used by others."""
    daily: frozenset[str] = frozenset()
    """Views that change at the end of a day."""
    pages: frozenset[str] = frozenset()
    """Operations that lead to a page of somebody else, where the account may be changed."""
    changed_by_pages: frozenset[str] = frozenset()
    """Views that may change there."""
    page_hosts: tuple[str, ...] = ()
    """The hosts of such pages."""


@dataclass(frozen=True)
class Identifiers:
    """The ids that belong to one account, and the header that asks for another one's data."""

    pattern: re.Pattern[str] | None = None
    shared: frozenset[str] = frozenset()
    """Fields whose ids may be shown to several accounts."""
    scope_header: str = ""
    """The header that names a shared account, such as an organization."""


@dataclass(frozen=True)
class SettingsPart:
    """Settings of an account that one operation shows and another one replaces."""

    read: str
    write: str
    title: str


@dataclass(frozen=True)
class CollectionPart:
    """Things of an account that can be added and removed, one of which is the default."""

    read: str
    add: str
    remove: str
    set_default: str
    field: str
    """The property of the reading that lists them."""
    default_field: str
    """The property that names the default."""
    outer_name: str
    """The property that holds a thing's name outside of the API."""
    parameter: str
    """The path parameter, and the property of the body of ``add``, that names one."""
    noun: str

    @property
    def title(self) -> str:
        return f"{self.noun}s"


@dataclass(frozen=True)
class Safety:
    """Which changes can be taken back, and how."""

    reversible: frozenset[str] = frozenset()
    """Writes that are put back, or leave nothing behind that costs or is sent to anybody."""
    settings: tuple[SettingsPart, ...] = ()
    collection: CollectionPart | None = None
    owner: tuple[str, str] | None = None
    """The operation and the property that name the account's owner."""

    def reason_against(self, operation: Operation, body: bytes) -> str | None:
        """Return why a reversible write may not be sent after all; None if it may."""
        return None


@dataclass(frozen=True)
class Situation:
    """An account of the mock that has a past."""

    name: str
    scope: str | None = None
    """The shared account that it belongs to."""
    is_ordinary: bool = True
    """Whether all of it can be read in a short time."""


class AccountModel(Protocol):
    """What is known of one account by its API's own rules."""

    def read(self, response: Response) -> Iterator[Violation]:
        """Compare a reading with what was predicted."""

    def changed(self, response: Response) -> Iterator[Violation]:
        """Compare the response to a change with what was known before."""

    def predict(self, response: Response) -> None:
        """Note what must be read after a change."""

    def forget(self, names: frozenset[str] | None) -> None:
        """Forget predictions for these views, or all."""

    def checkpoint(self) -> Any:
        """Return what is known, for ``restore``."""

    def restore(self, checkpoint: Any) -> None:
        """Restore what was known at a checkpoint."""

    def expected_status(self, response: Response) -> tuple[int, str] | None:
        """Return the status that is called for and why; None where too little is known."""

    def headers(self, response: Response) -> Iterator[Violation]:
        """Compare the headers of a response with what is known of the account that asks."""


class Knowledge(Protocol):
    """Everything that is known of one API beyond its contract."""

    effects: Effects
    identifiers: Identifiers
    safety: Safety
    stories: Sequence[Story]
    drivers: Mapping[str, Driver]
    """Drivers that need knowledge, by the name of the phase."""
    hooks: Mapping[str, Hook]
    """The hooks that drivers can use, by name."""
    mock_takes_any_key: bool
    """Whether every key is that of an account of the mock."""
    mock_keeps_state: bool
    """Whether the mock remembers what was changed."""

    def check_settings(self, settings: Settings) -> None:
        """Raise UsageError if the settings have files that stories cannot use."""

    def rules(self, operation_id: str) -> Sequence[Rule]:
        """Return what must hold of one successful response by itself."""

    def relations(self, lists: Mapping[str, ListOperation]) -> Sequence[Relation]:
        """Return what must hold between the views of one account."""

    def account_model(self, views: Views) -> AccountModel:
        """Return the model of an account of which nothing is known yet."""

    def playable(self, run: Any) -> Sequence[Story]:
        """Return the stories that a run allows."""

    def play(self, run: Any, story: Story) -> None:
        """Play a story with the account of a run."""

    def mock_account(self, name: str) -> tuple[str, str]:
        """Return the alias and the key of an account of the mock."""

    def situations(self, client: Client) -> Sequence[Situation]:
        """Return the mock's accounts that have a past."""

    def body_values(
        self, client: Client, operation: Operation, settings: Settings, *, fresh: bool
    ) -> dict[str, Any]:
        """Return values that make a body harmless and, if ``fresh``, acceptable."""


class NoModel:
    """Knows nothing of an account."""

    def read(self, response: Response) -> Iterator[Violation]:
        return iter(())

    def changed(self, response: Response) -> Iterator[Violation]:
        return iter(())

    def predict(self, response: Response) -> None:
        """Nothing is known."""

    def forget(self, names: frozenset[str] | None) -> None:
        """Nothing is known."""

    def checkpoint(self) -> Any:
        return None

    def restore(self, checkpoint: Any) -> None:
        """Nothing is known."""

    def expected_status(self, response: Response) -> tuple[int, str] | None:
        return None

    def headers(self, response: Response) -> Iterator[Violation]:
        return iter(())


class NoKnowledge:
    """Stands in for the knowledge of an API that nobody has written rules for."""

    effects = Effects()
    identifiers = Identifiers()
    safety = Safety()
    stories: Sequence[Story] = ()
    drivers: Mapping[str, Driver] = {}
    hooks: Mapping[str, Hook] = {}
    mock_takes_any_key = True
    mock_keeps_state = False

    def check_settings(self, settings: Settings) -> None:
        """Raise UsageError for a catalogue, of which nothing is bought."""
        if settings.catalogue is not None:
            raise UsageError("--catalogue is for the stories of the Billing API")

    def rules(self, operation_id: str) -> Sequence[Rule]:
        return ()

    def relations(self, lists: Mapping[str, ListOperation]) -> Sequence[Relation]:
        return ()

    def account_model(self, views: Views) -> AccountModel:
        return NoModel()

    def playable(self, run: Any) -> Sequence[Story]:
        return ()

    def play(self, run: Any, story: Story) -> None:
        """Do nothing: there are no stories."""

    def mock_account(self, name: str) -> tuple[str, str]:
        token = name.replace("_", "-")
        return f"token {token}", token

    def situations(self, client: Client) -> Sequence[Situation]:
        return ()

    def body_values(
        self, client: Client, operation: Operation, settings: Settings, *, fresh: bool
    ) -> dict[str, Any]:
        return {}
