"""An OpenAPI document as a product: ``mockserver contract``."""
