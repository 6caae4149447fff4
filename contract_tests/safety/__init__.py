"""What may be sent to a deployment, and how its accounts are put back."""
