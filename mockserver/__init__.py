"""A stateful mock of the AlterLab Billing API, driven by one OpenAPI document."""
