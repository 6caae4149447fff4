"""The argument of a handler of the control API."""

from typing import Any

from mockserver.engine.call import Call as EngineCall

Call = EngineCall[Any, Any]
"""A checked request, whatever API is served."""
