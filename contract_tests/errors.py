"""What ends a command early.

KitError (2: usage or configuration)
├── UsageError: a flag, a variable or a file that cannot be used
└── Unreachable (3): the deployment is not there, is something else, or refuses the key
"""


class KitError(Exception):
    """One line for a person: what is wrong, where, and how to put it right."""

    exit_code = 2


class UsageError(KitError):
    """A flag, an environment variable or a file that cannot be used."""


class Unreachable(KitError):
    """The deployment cannot be reached, is not this API, or refused the key."""

    exit_code = 3
