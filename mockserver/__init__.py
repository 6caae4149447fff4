"""A stateful mock of the AlterLab Billing API, driven by one OpenAPI document.

PYTEST_DONT_REWRITE: pytest would warn whoever imports this before it starts, since the package brings a plugin along.
"""
