"""Errors of the generator."""


class NoValue(Exception):
    """No value can be generated from a schema. The message is meant for the schema's author."""


class Unsatisfiable(Exception):
    """The choices made so far cannot lead to a value. Other choices may."""


class TooLarge(Unsatisfiable):
    """Every value would be larger than what is generated."""
