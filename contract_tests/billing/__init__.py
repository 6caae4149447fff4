"""What the kit knows of the Billing API."""
