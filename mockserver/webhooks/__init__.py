"""Webhooks: events of accounts, signed and delivered to endpoints on this machine."""
