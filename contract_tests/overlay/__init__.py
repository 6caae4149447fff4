"""OpenAPI overlays: known differences of a deployment, as changes of the contract."""
