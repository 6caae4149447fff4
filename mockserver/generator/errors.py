"""Why there is no value."""


class NoValue(Exception):
    """No value can be made from a schema; the message is a sentence for the author of the schema."""


class Unsatisfiable(Exception):
    """A choice that was made on the way leads to no value: another one may."""
