"""A comparison of two servers: where the mock differs from the real API."""
