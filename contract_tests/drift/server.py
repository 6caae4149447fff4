"""One of the two servers: its account, its preparation and its restoration."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from contract_tests.context import KEY, Run
from contract_tests.drift.profile import Profile
from contract_tests.drift.sequence import Step, large_pages
from contract_tests.drivers.read_account import path_values
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.schemas import Schemas
from contract_tests.runner import knowledge_of, put_back_afterwards
from contract_tests.safety import preflight
from contract_tests.settings import Settings, key_from


class Server:
    """A server and its profile."""

    def __init__(
        self, settings: Settings, contract: Contract, schemas: Schemas, key_env: str | None
    ) -> None:
        self.run = Run(settings, contract, knowledge_of(contract))
        self.profile = Profile(contract, schemas, is_of_many=settings.mock)
        self.requests = 0
        self.run.channel.listeners[:] = [self._note]  # instead of the judge
        self._key_env = key_env
        self._latest: deque[Exchange] = deque(maxlen=1)
        self._caller = Client(self.run.channel, KEY)

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Check the server, take an account, and restore everything at the end. Raises KitError."""
        preflight.check(self.run.channel, self.run.settings)
        with put_back_afterwards(self.run):
            if self.run.settings.mock:
                self._caller = self._account()
            yield

    def send(self, step: Step) -> Exchange:
        """Send a step, and return the exchange without secrets. Raises Withheld."""
        caller = self._caller if step.with_key else self.run.unauthenticated()
        request = step.request
        for name, value in path_values(self.run, self._caller, step.operation).items():
            request = replace(request, path=request.path.replace(f"{{{name}}}", value))
        caller.raw(request)
        return self._latest[-1]

    def survey(self) -> None:
        """Read accounts in all situations, if it is the mock: their variation is no difference."""
        if not self.run.settings.mock:
            return
        self.run.channel.retries_429 = False  # one of the accounts is rate limited
        for situation in self.run.knowledge.situations(self.run.unauthenticated()):
            alias, key = self.run.knowledge.mock_account(situation.name)
            self.run.keyring.add(alias, key, is_secret=False)
            self._read_account(Client(self.run.channel, alias))
        self.run.channel.retries_429 = True

    def _read_account(self, caller: Client) -> None:
        for operation in self.run.operations(reads=True):
            if not operation.path_names:
                caller.raw(large_pages(operation))

    def _account(self) -> Client:
        """Return a fresh account of the mock, or the one whose key was named, after a reset."""
        settings = self.run.settings
        if self._key_env is None:
            return self.run.mock_account(f"drift_{settings.seed}")
        self.run.keyring.add(KEY, key_from(settings.environment, self._key_env))
        caller = Client(self.run.channel, KEY)
        caller.control("POST", "reset")
        return caller

    def _note(self, exchange: Exchange) -> None:
        self.requests += 1
        self._latest.append(exchange)
        self.profile.note(exchange)
