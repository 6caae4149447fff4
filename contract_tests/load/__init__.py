"""Load that is judged: users of Locust play on accounts, and one judge per process listens."""
