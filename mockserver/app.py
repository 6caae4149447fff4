"""The composition root: the only module that knows every part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from starlette.types import ASGIApp, Scope

from mockserver import packaged
from mockserver.billing.accounts import fixtures as billing_fixtures
from mockserver.billing.api.behaviour import CONVENTIONS, Billing, world_of
from mockserver.billing.api.operations import BASE_PATH, HANDLERS
from mockserver.billing.api.plan_slugs import with_plans
from mockserver.clock import Clock
from mockserver.control import document as control_document
from mockserver.control import guard
from mockserver.engine.address import Address
from mockserver.engine.asgi import headers_of
from mockserver.engine.behaviour import Behaviour
from mockserver.engine.errors import Refusal
from mockserver.engine.fallback import Fallback
from mockserver.engine.operation import Shared
from mockserver.engine.operations import Operations
from mockserver.engine.state import UnusableState
from mockserver.engine.world import World
from mockserver.faults import sets
from mockserver.faults.registry import FaultRegistry, UnknownFaultSet
from mockserver.faults.sets import FaultSet
from mockserver.generator import Generator
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.yaml_file import FileError
from mockserver.server.cors import exposed_headers, with_cors
from mockserver.server.dispatcher import Apps, Dispatcher, PublishEvents
from mockserver.server.routes import Route, Routes
from mockserver.settings import Settings, SettingsError
from mockserver.webhooks.dispatcher import Webhooks
from mockserver.webhooks.event import Conventions
from mockserver.webhooks.payload import checker

_BROWSERS_PATHS = ("/favicon.ico", "/.well-known/")
"""Paths that browsers ask for by themselves."""

BehaviourOf = Callable[[Contract], Behaviour]
"""Returns the behaviour that serves a contract."""


class _Served:
    """What serves one contract: the short way to its operations, and Connexion's application."""

    def __init__(
        self, settings: Settings, contract: Contract, world: World[Any], behaviour: Behaviour
    ) -> None:
        self._settings, self._contract, self._world = settings, contract, world
        self._behaviour = behaviour
        self._fallback = Fallback(
            world,
            behaviour,
            contract,
            {settings.control_prefix: lambda: self._control},
            is_recorded=lambda path: path.startswith(contract.prefixes),
        )
        generator = Generator(contract.schemas, world.seed, settings.locale)
        shared = Shared(world, contract, behaviour, generator)
        if not _is_billing(contract):
            most = settings.limits.max_body_bytes
            shared = msgspec.structs.replace(shared, max_body_bytes=most)
        self._operations = Operations(shared)
        self.routes = Routes(contract, self._operations, self._fallback, settings.control_prefix)

    @cached_property
    def _control(self) -> Contract:
        """The document of the control API."""
        overlay = self._behaviour.control.overlay
        return control_document.load(
            overlay, self._contract.security_schemes, self._settings.control_prefix
        )

    @cached_property
    def connexion(self) -> ASGIApp:
        """Connexion's application, with the operations of the contract and of the control API."""
        world, behaviour, control = self._world, self._behaviour, self._control
        # Imported and built when first needed: the operations of the contract do without.
        from mockserver.control.service import ControlService
        from mockserver.engine.connexion_app import add_operations, connexion_app

        app = connexion_app(self.pages, self._fallback, world.clock)
        add_operations(app, self._operations)
        service = ControlService(behaviour, control)
        generator = Generator(control.schemas, world.seed)
        shared = Shared(world, control, service, generator, is_api=False)
        add_operations(app, Operations(shared), self._settings.control_prefix)
        return app

    def check(self) -> None:
        """Load the document of the control API now. Raise FileError.

        Connexion is given no more than paths and names of a checked document, so it is built later.
        """
        self._control  # noqa: B018 (reads it, so that an error shows here)

    def open(self) -> None:
        """Build Connexion's application and its routes now. Raise what it raises on a document."""
        from mockserver.engine.connexion_app import open_app

        asyncio.run(open_app(self.connexion, self._settings.control_prefix))

    @cached_property
    def pages(self) -> ASGIApp:
        """The pages for people, which need nothing of Connexion. Other paths are unknown."""
        from mockserver.console.pages import pages

        behaviour = self._behaviour
        credentials = behaviour.about.credentials
        others = behaviour.beside.pages
        world, clock = self._world, self._world.clock

        def base_url(scope: Scope) -> str:
            return world.address.base_url(headers_of(scope), scope["scheme"], scope["client"])

        return pages(
            self._contract,
            others,
            credentials,
            self._fallback,
            clock,
            base_url=base_url,
            guides=packaged.guides() if _is_billing(self._contract) else None,
            prefix=self._settings.pages_prefix,
            workbench=f"{self._settings.control_prefix}/",
        )

    def _with_workbench(self, connexion: ASGIApp) -> ASGIApp:
        """Return the control API with its guard, the stream of requests, and the workbench."""
        from mockserver.workbench.facts import facts_of
        from mockserver.workbench.pages import WorkbenchPages
        from mockserver.workbench.stream import RequestStream

        world, settings, behaviour = self._world, self._settings, self._behaviour
        stream = RequestStream(connexion, world, settings.control_prefix, self._fallback.refuse)
        guarded = _guarded(stream, settings, world.address, self._fallback)
        return WorkbenchPages(
            PublishEvents(guarded, world.state),
            settings.control_prefix,
            facts_of(
                behaviour.about,
                self._control,
                self._contract,
                settings.pages_prefix,
                has_guides=_is_billing(self._contract),
            ),
            behaviour.beside.panels,
        )

    @cached_property
    def apps(self) -> Apps:
        """The apps that share the paths."""
        connexion, state = self.connexion, self._world.state
        announce = self._world.feed.announce
        pages: ASGIApp = PublishEvents(self.pages, state, announce)
        if not self._behaviour.beside.pages:
            # Nothing but the document is there, and 404s of misspelt paths.
            pages = with_cors(pages, b"", self._fallback.refuse_preflight)
        return Apps(
            connexion,
            with_cors(connexion, exposed_headers(self._contract), self._fallback.refuse_preflight),
            self._with_workbench(connexion),
            pages,
            [
                public._replace(
                    app=with_cors(
                        PublishEvents(public.app, state, announce),
                        b"",
                        self._fallback.refuse_preflight,
                    )
                )
                for public in self._behaviour.beside.public
            ],
            self._contract.prefixes,
            self._settings.control_prefix,
        )


class Reload(Struct, frozen=True):
    """Another contract and other fixtures, ready to be served."""

    contract: Contract
    behaviour: Behaviour
    served: _Served
    fault_sets: dict[str, FaultSet]
    swap_fixtures: Callable[[], None]


class Server:
    """A server that is ready to run: the ASGI app and its parts."""

    def __init__(
        self, settings: Settings, contract: Contract, world: World[Any], behaviour_of: BehaviourOf
    ) -> None:
        self.settings = settings
        self.contract = contract
        self.world = world
        self.behaviour = behaviour_of(contract)
        self._behaviour_of = behaviour_of
        self._served = _Served(settings, contract, world, self.behaviour)

    @cached_property
    def app(self) -> ASGIApp:
        """The ASGI app, which serves everything. It stays the same when the contract is replaced.

        It is built when it is first needed, which takes a tenth of a second.
        """
        return Dispatcher(lambda: self._served.apps)

    def resolve(self, method: str, target: bytes) -> Route:
        """Return what responds to a method and a target without ASGI. Raise BadTarget."""
        return self._served.routes.resolve(method, target)

    @property
    def heads(self) -> dict[bytes, Any]:
        """What the protocol keeps as long as the same contract is served."""
        return self._served.routes.heads

    def now(self) -> datetime:
        """Return the time of the mock's clock."""
        return self.world.clock.now()

    def lists(self, path: str, status: int | None) -> bool:
        """Return whether a request is listed on the terminal: pages and ``/_mock`` are for debug.

        Unknown paths are listed, because a wrong base URL leads to them.
        """
        if self.settings.log_level == "debug":
            return True
        if path.startswith(self.settings.control_prefix):
            return False
        is_unknown = status == 404 and not path.startswith(_BROWSERS_PATHS)
        return is_unknown or path.startswith(self.contract.prefixes)

    def check(self) -> None:
        """Load all documents now. Raise FileError."""
        self._served.check()

    @property
    def has_guides(self) -> bool:
        """Whether the guides are served: they are about the Billing API."""
        return _is_billing(self.contract)

    @property
    def notices(self) -> Sequence[str]:
        """What the user's fixtures changed, one sentence each."""
        return self.behaviour.about.notices

    def not_stateful(self) -> list[Operation]:
        """Return the operations without a handler, which are served from examples and schemas."""
        return [
            operation
            for operation in self.contract.operations.values()
            if operation.operation_id not in self.behaviour.handlers
        ]

    def prepare(self) -> Reload:
        """Read contract and fixtures again and compile them.

        It takes a third of a second: call it in another thread. Raises FileError, or whatever
        Connexion raises on the contract.
        """
        settings = self.settings
        contract = _contract(settings)
        if _is_billing(contract) != _is_billing(self.contract):
            raise FileError(settings.spec, "is the document of another API. Restart the server")
        fault_sets = _fault_sets(settings, contract)
        swap_fixtures = self.world.state.reload(settings.fixtures)
        behaviour = self._behaviour_of(contract)
        served = _Served(settings, contract, self.world, behaviour)
        served.open()
        return Reload(contract, behaviour, served, fault_sets, swap_fixtures)

    def reload(self, ready: Reload) -> None:
        """Serve another contract and other fixtures from the next request on. Accounts are kept.

        Raises UnusableState if an account needs what the fixtures no longer have, or
        UnknownFaultSet. Nothing is changed then.
        """
        faults = self.world.faults
        before = faults.sets
        faults.reload(ready.fault_sets)
        try:
            ready.swap_fixtures()
        except UnusableState:
            faults.reload(before)
            raise
        faults.operations = ready.contract.operations
        self.world.webhooks.check = checker(ready.contract)
        self.world.redactor.learn(ready.contract)
        self.contract, self.behaviour = ready.contract, ready.behaviour
        self._served = ready.served


def build(
    settings: Settings, *, clock: Clock | None = None, public_url: str | None = None
) -> Server:
    """Build a server.

    Raises FileError if the contract or the fixtures cannot be used, or SettingsError.
    """
    contract = _contract(settings)
    if settings.spec != packaged.spec():  # our tests check the packaged one
        from mockserver.resources import document_warnings

        document_warnings.warn(contract, settings.control_prefix, settings.pages_prefix)
    url = public_url or f"http://{settings.host}:{settings.port}"
    clock = clock or Clock(settings.now)
    faults = FaultRegistry(_fault_sets(settings, contract), settings.seed)
    faults.operations = contract.operations
    webhooks = Webhooks(
        clock,
        settings.seed,
        allowed_hosts=settings.allow_webhook_host,
        own_port=urlsplit(url).port,
        check=checker(contract),
        conventions=CONVENTIONS if _is_billing(contract) else Conventions(),
    )
    world, behaviour_of = _world(settings, contract, clock, faults, webhooks)
    world.address = Address(url, settings.public_url, settings.trust_proxy)
    world.redactor.learn(contract)
    world.keep_requests(settings.keep_requests)
    _switch_on_faults(faults, settings)
    server = Server(settings, contract, world, behaviour_of)
    if settings.spec != packaged.spec():
        server.check()
    return server


def _contract(settings: Settings) -> Contract:
    """Load the contract. Raise FileError, for the Billing API's own contract also for a warning.

    The Billing API's own allows the plans of the catalogue.
    """
    contract = Contract.load(settings.spec, allow_remote=settings.allow_remote_refs)
    if not _is_billing(contract):
        return contract
    contract.require_correct()
    catalogue = billing_fixtures.load_catalogue(settings.fixtures)
    return with_plans(contract, [plan.slug for plan in catalogue.plans])


def _is_billing(contract: Contract) -> bool:
    """Return whether a contract has an operation of the Billing API, by operationId and path."""
    return any(
        operation.operation_id in HANDLERS and operation.path.startswith(BASE_PATH)
        for operation in contract.operations.values()
    )


def _world(
    settings: Settings,
    contract: Contract,
    clock: Clock,
    faults: FaultRegistry,
    webhooks: Webhooks,
) -> tuple[World[Any], BehaviourOf]:
    """Return the world and the behaviour of billing for its contract, else those of any API."""
    if settings.handlers is not None and (settings.stateless or _is_billing(contract)):
        raise SettingsError(
            "--handlers is for other documents than the Billing API, and not for --stateless"
        )
    if _is_billing(contract):
        fixtures = billing_fixtures.load(settings.fixtures, settings.locale)
        accounts = world_of(
            fixtures, clock, settings.seed, webhooks, faults, max_accounts=settings.max_accounts
        )
        billing = Billing(accounts, enforce_rate_limits=settings.enforce_rate_limits)
        return accounts, lambda _: billing
    return _world_of_any(settings, contract, clock, faults, webhooks)


def _world_of_any(
    settings: Settings,
    contract: Contract,
    clock: Clock,
    faults: FaultRegistry,
    webhooks: Webhooks,
) -> tuple[World[Any], BehaviourOf]:
    """Return the world and the behaviour of any other document."""
    # Imported when first needed: it would add a tenth to the start for the Billing API.
    from mockserver.resources.accounts import Accounts
    from mockserver.resources.behaviour import redactor_of, resources_of, resources_state
    from mockserver.resources.compiled import Options

    state = resources_state(
        contract, settings.seed, settings.max_accounts, stateless=settings.stateless
    )
    options = Options(settings.seed, settings.items, settings.handlers, settings.check_references)
    redactor = redactor_of(contract)
    world = World(clock, settings.seed, state, faults=faults, webhooks=webhooks, redactor=redactor)
    if isinstance(state, Accounts):
        state.on_eviction = world.account_evicted

    def behaviour_of(served: Contract) -> Behaviour:
        generator = Generator(served.schemas, settings.seed, settings.locale)
        return resources_of(served, state, generator, options)

    return world, behaviour_of


def _guarded(app: ASGIApp, settings: Settings, address: Address, fallback: Fallback) -> ASGIApp:
    """Return an app whose control API refuses callers that may not control this server."""
    return guard.ControlGuard(
        app,
        host=settings.host,
        prefix=settings.control_prefix,
        token=settings.control_token,
        refuse=lambda send, detail: fallback.refuse(send, Refusal(403, detail)),
        address=address,
    )


def _fault_sets(settings: Settings, contract: Contract) -> dict[str, FaultSet]:
    """Load the sets of faults. Raises FileError, also for operations that are not served."""
    folder = settings.fixtures / "faults"
    fault_sets = sets.load(folder)
    sets.check_operations(fault_sets, folder, contract.operations)
    return fault_sets


def _switch_on_faults(faults: FaultRegistry, settings: Settings) -> None:
    """Switch on the sets that the settings name. Raises SettingsError."""
    try:
        faults.start_with(settings.faults)
    except UnknownFaultSet as error:
        raise SettingsError(f"--faults: {error}") from None
