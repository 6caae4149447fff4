"""Two servers compared: what the mock does otherwise than the real API."""
