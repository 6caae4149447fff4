"""Stories: hand-written sequences of requests. Each docstring states the rule that is tested."""
