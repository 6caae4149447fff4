"""The default behaviour, derived from a document alone.

Resources are inferred from its paths, methods and schemas (``inference``). Each caller has an
account (``account``), which the rules of ``store`` change. ``fitting`` lays data over generated
values, so that all responses are valid.
"""
