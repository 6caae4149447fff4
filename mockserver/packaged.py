"""Where the packaged contract and fixtures are: in the wheel, or in the checkout that this runs from."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_PACKAGED = _PACKAGE / "_data"
_CHECKOUT = _PACKAGE.parent


def spec() -> Path:
    """The contract."""
    return _root() / "spec" / "openapi.yaml"


def fixtures() -> Path:
    """The folder with the catalogue and the personas."""
    return _root() / "fixtures"


def control_spec() -> Path:
    """The document of the control API."""
    return _PACKAGE / "control" / "openapi.yaml"


def billing_control_spec() -> Path:
    """Return what billing adds to that document."""
    return _PACKAGE / "billing" / "control" / "openapi.yaml"


def _root() -> Path:
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
