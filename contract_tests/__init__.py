"""The contract kit: checks a deployment of an API against its OpenAPI document over HTTP.

PYTEST_DONT_REWRITE: the package is a pytest plugin, and may be imported before pytest starts.
"""
