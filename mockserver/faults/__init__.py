"""Faults on demand: rules that say which requests go wrong, and how. Plain data and choice; HTTP is in ``api/``."""
