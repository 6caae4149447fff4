"""What stops a benchmark."""


class BenchError(Exception):
    """Why the benchmark cannot run, in one line that says how to put it right."""
