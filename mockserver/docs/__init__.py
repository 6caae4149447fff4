"""The reference pages: a model of an OpenAPI document, and the formats that are written from it."""
