"""A test-only server with one named fault, which measures a contract test kit.

``python -m tests.mutants --fault NAME`` starts it; ``--list`` lists all faults. ``fault.py``
defines a fault, ``patches.py`` and ``wire.py`` are the two ways to plant one, and ``faults/`` has
the faults.
"""
