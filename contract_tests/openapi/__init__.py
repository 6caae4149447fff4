"""The contract as the kit reads it: operations, schemas, requests."""
