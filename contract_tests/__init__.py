"""The contract kit: checks any deployment of the Billing API, and the mock, against ``spec/openapi.yaml`` over HTTP.

PYTEST_DONT_REWRITE: pytest would warn whoever imports this before it starts, since the package brings a plugin along.
"""
