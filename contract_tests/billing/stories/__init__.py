"""Stories: what people do with the API, step by step, written by hand. Each docstring says what must come of it."""
