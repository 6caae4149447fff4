"""Tests of what people read: commands run as printed, tables are complete, figures and links are right."""
