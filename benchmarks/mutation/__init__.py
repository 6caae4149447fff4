"""How good the contract kit is: servers with one named fault each, and who finds it, the kit or stock Schemathesis."""
