"""Receives what a deployment sends to others: callbacks and webhooks."""
