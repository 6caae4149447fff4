"""How requests reach the deployment: extra headers, basic authentication, proxy, certificates."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

from contract_tests.errors import UsageError
from contract_tests.http.redaction import Keyring
from contract_tests.settings import Settings, proxy_url

_VISIBLE = re.compile(r"[\t\x20-\x7e]+")


@dataclass(frozen=True)
class Network:
    """What every request to the deployment carries, and its way there."""

    headers: tuple[tuple[str, str], ...] = ()
    """Headers that every request carries. They replace headers of the same name."""
    proxy: str = ""
    """The URL of the HTTP proxy, with its user and password if any; empty for none."""
    client_cert: Path | None = None
    """The certificate (PEM) that the kit shows to the deployment."""
    client_key: Path | None = None
    """The private key, if it is not in the file of the certificate."""
    ca_bundle: Path | None = None
    """The authorities to trust; None for the usual ones."""


DIRECT = Network()
"""No proxy, nothing added, the usual authorities."""


def network(settings: Settings, keyring: Keyring) -> Network:
    """Return the network of a run, its secrets registered in the keyring. Raise UsageError."""
    found = {}
    for header in settings.headers:
        if header.name.lower() in keyring.taken:
            continue
        value = _secret(settings, keyring, header.name, header.variable) if header.variable else ""
        found[header.name.lower()] = (header.name, value or header.value)
    if settings.auth is not None and "authorization" not in keyring.taken:
        user, variable = settings.auth.user, settings.auth.variable
        password = _secret(settings, keyring, "Authorization", variable)
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        keyring.hide(f"env {variable}", token)
        found["authorization"] = ("Authorization", f"Basic {token}")
    key_header = keyring.credential.header if keyring.credential is not None else ""
    if key_header.lower() in found:
        raise UsageError(
            f"--header or --auth sets {key_header}, which carries the API key: "
            "name the key with --api-key-env"
        )
    certificate, key = settings.client_cert or (None, None)
    return Network(
        tuple(found.values()), _proxy(settings, keyring), certificate, key, settings.ca_bundle
    )


def _secret(settings: Settings, keyring: Keyring, header: str, variable: str) -> str:
    """Return the secret of a header, and register it. Raise UsageError."""
    value = settings.environment.get(variable, "").strip()
    if not value:
        raise UsageError(f"the environment variable {variable} is not set")
    if not _VISIBLE.fullmatch(value):
        raise UsageError(f"the value of {variable} holds characters that no header can carry")
    keyring.hide(f"env {variable}", value)
    keyring.hide_header(header, f"[env {variable}]")
    return value


# -------------------------------------------------------------------------------------------- proxy


def _proxy(settings: Settings, keyring: Keyring) -> str:
    """Return the URL of the proxy: of ``--proxy``, else of the variables. Raise UsageError."""
    if settings.proxy is not None:
        return settings.proxy
    parts = urlsplit(settings.url)
    names = (f"{parts.scheme}_proxy", "all_proxy")
    found = next((pair for name in names if (pair := _variable(settings.environment, name))), None)
    if found is None or not parts.hostname or _is_excluded(settings.environment, parts.netloc):
        return ""
    name, url = found
    try:
        proxy = proxy_url(url if "://" in url else f"http://{url}", with_password=True)
    except ValueError as error:
        raise UsageError(f"{name} must be {error}") from None
    if password := urlsplit(proxy).password:
        for spelling in {password, unquote(password)}:
            keyring.hide("proxy password", spelling)
    return proxy


def _variable(environment: Mapping[str, str], name: str) -> tuple[str, str] | None:
    """Return the name and the value of a variable in small letters or capitals, if it is set."""
    pairs = ((variable, environment.get(variable, "").strip()) for variable in (name, name.upper()))
    return next((pair for pair in pairs if pair[1]), None)


def _is_excluded(environment: Mapping[str, str], netloc: str) -> bool:
    """Return whether a host is reached without the proxy of the variables."""
    host = (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost") or _is_in("127.0.0.0/8", host):
        return True
    words = (_variable(environment, "no_proxy") or ("", ""))[1].lower().split(",")
    return host == "::1" or any(_excludes(word.strip(), host, netloc) for word in words)


def _excludes(word: str, host: str, netloc: str) -> bool:
    """Return whether an entry of NO_PROXY is for a host: a name, a domain, a network, or all."""
    name = word.removeprefix("*").lstrip(".")
    if not name:
        return word == "*"
    return name in (host, netloc) or host.endswith(f".{name}") or _is_in(word, host)


def _is_in(network: str, host: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False
