"""Recorded and live traffic of other clients: HAR files and the proxy."""
