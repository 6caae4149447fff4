"""Faults on demand: rules that select requests and say how they fail. No HTTP in here."""
