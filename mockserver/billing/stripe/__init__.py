"""A stand-in for Stripe.js: the script for web pages, and the few calls that it makes. Public, as Stripe's own is."""
