"""Reference pages from any OpenAPI document: a model, and the formats written from it.

Knows nothing of billing. Imports only ``mockserver.openapi.yaml_file`` from the rest of the
package.
"""
