"""Measures how many faulty servers the contract kit and stock Schemathesis detect."""
