"""The behaviour of a document for which nobody wrote one.

It keeps no state yet: responses come from the document's examples and schemas.
"""
