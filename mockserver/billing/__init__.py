"""The billing domain: pure rules over plain state.

Nothing here knows HTTP, YAML, the wall clock or a global. Every function that changes something takes a
:class:`~mockserver.billing.context.Context`: the account, the catalogue, the moment and who acts.
"""
