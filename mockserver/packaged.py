"""The packaged contract, fixtures and version: of the wheel, or of the checkout in use."""

from functools import cache
from pathlib import Path

_DISTRIBUTION = "alterlab-billing-mock"
_NOT_INSTALLED = "0+checkout"
_PACKAGE = Path(__file__).resolve().parent
_PACKAGED = _PACKAGE / "_data"
_CHECKOUT = _PACKAGE.parent


@cache
def version() -> str:
    """Return the version of the distribution; ``0+checkout`` if it is not installed."""
    from importlib import metadata

    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return _NOT_INSTALLED


def spec() -> Path:
    """Return the path of the contract."""
    return _root() / "spec" / "openapi.yaml"


def saved_page() -> Path:
    """Return the copy of the vendor's page that provenance is proved against, in a checkout."""
    return _CHECKOUT / "tests" / "data" / "billing-page.txt"


def fixtures() -> Path:
    """Return the folder with the catalogue, the personas and the fault sets."""
    return _root() / "fixtures"


def guides() -> Path:
    """Return the folder with the guides."""
    return _PACKAGED / "guides" if _PACKAGED.is_dir() else _CHECKOUT / "docs" / "guides"


def control_spec() -> Path:
    """Return the path of the control API's general document."""
    return _PACKAGE / "control" / "openapi.yaml"


def billing_control_spec() -> Path:
    """Return the path of the document that billing merges into the control API's."""
    return _PACKAGE / "billing" / "control" / "openapi.yaml"


def billing_panels() -> list[Path]:
    """Return the JavaScript modules with billing's panels of the workbench."""
    return [_PACKAGE / "billing" / "workbench" / "billing.js"]


def resources_panels() -> list[Path]:
    """Return the JavaScript modules with the panels of other documents in the workbench."""
    return [_PACKAGE / "resources" / "workbench" / "resources.js"]


def _root() -> Path:
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
