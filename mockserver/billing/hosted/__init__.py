"""Pages that people look at: what the API's URLs lead to, and the interactive docs."""
