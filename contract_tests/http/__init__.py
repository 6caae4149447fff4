"""How requests go out and come back: the channel, the exchange, secrets."""
