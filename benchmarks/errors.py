"""Errors that stop a benchmark."""


class BenchError(Exception):
    """The reason why the benchmark cannot run, in one line with what to do."""
