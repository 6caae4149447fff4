"""The contract kit: checks any deployment of the Billing API, and the mock, against ``spec/openapi.yaml`` over HTTP."""
