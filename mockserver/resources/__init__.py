"""The default behaviour, derived from a document alone.

It keeps no state yet: responses come from the document's examples and schemas.
"""
