"""Reports on the terminal, for people (HTML) and for programs (JUnit, JSON, SARIF).

All are views of one document, see ``document``. The HAR file is written during the run, see
``recording.har``.
"""
