"""What the kit knows of the Billing API.

This module imports nothing, so that the runner can recognise a contract without loading the rules.
"""

BASE_PATH = "/api/v1/billing/"
"""The beginning of all paths of the Billing API, by which its contract is recognised."""
