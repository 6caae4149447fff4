"""What is known of one account of the Billing API, part by part."""
