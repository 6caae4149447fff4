"""The control API's document as the server serves it."""

from mockserver import packaged
from mockserver.control import document

CONTROL = document.load(packaged.billing_control_spec(), {})
"""The general document with what billing adds."""
