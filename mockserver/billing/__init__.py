"""The billing domain: pure rules over plain state.

The modules in this folder use no HTTP, YAML, wall clock or global state. Every function that
changes an account takes a :class:`~mockserver.billing.context.Context`: the account, the catalogue,
the time and the actor.
"""
