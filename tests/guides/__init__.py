"""Tests of README and guides: commands, tables, figures and links."""
