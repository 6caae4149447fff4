"""Records everything that a user of the mock and of the kit can see, and compares two recordings.

``python -m tools.recording record --checkout DIR --out FILE`` starts the programs of a checkout as
processes and records what they send. ``python -m tools.recording compare BEFORE AFTER`` lists what
differs and exits with 1 if the behaviour differs. A refactoring that must change nothing is shown
to change nothing: record before it, record after it, compare.
"""
