"""Collects handlers: the public functions that a module defines."""

from collections.abc import Mapping
from inspect import isfunction
from types import ModuleType

from mockserver.engine.call import Handler


def functions_of(*modules: ModuleType) -> Mapping[str, Handler]:
    """Return the handlers of modules by operationId."""
    return {
        name: function
        for module in modules
        for name, function in vars(module).items()
        if isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
    }
