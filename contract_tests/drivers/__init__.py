"""Drivers make traffic; the judge listens. A driver is a function of the run."""
