"""Measures this mock and Prism with many OpenAPI documents; writes ``benchmarks/DOCUMENTS.md``."""
