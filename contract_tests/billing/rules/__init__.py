"""Rules of single responses, by subject."""
