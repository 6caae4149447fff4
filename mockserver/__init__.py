"""A stateful mock of the AlterLab Billing API, driven by one OpenAPI document.

PYTEST_DONT_REWRITE: the package contains a pytest plugin. Without this line, pytest warns if the
package is imported before pytest starts.
"""
