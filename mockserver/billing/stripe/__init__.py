"""The stand-in for Stripe.js: the script for web pages, and the calls that it makes."""
