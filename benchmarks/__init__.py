"""Measurements of this server beside Prism: ``python -m benchmarks.run``."""
