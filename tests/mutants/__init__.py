"""A test-only server with one named fault, by which a contract test kit is judged.

``python -m tests.mutants --fault NAME`` starts it; ``--list`` names all faults. What a fault is stands in ``fault.py``,
the two ways of putting one in are ``patches.py`` and ``wire.py``, and the faults themselves are in ``faults/``.
"""
