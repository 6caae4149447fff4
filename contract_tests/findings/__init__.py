"""What was found, what is known of it, how much of the contract was tried."""
