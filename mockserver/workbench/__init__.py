"""The page at ``/_mock/``: shows and steers the mock with the operations of the control API."""
