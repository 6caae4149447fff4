"""Drivers make traffic; the judge listens. Each is a function of the run, and does what the run allows."""
