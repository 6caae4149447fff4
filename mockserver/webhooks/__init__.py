"""Webhooks: events of accounts, signed and delivered to registered endpoints."""
