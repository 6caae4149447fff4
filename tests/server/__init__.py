"""Tests of the HTTP server: its protocol, its router, its limits."""
