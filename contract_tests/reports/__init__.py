"""Reports: the terminal's, and files for people (HTML) and programs (JUnit, JSON, SARIF).

All are views of one document, see ``document``. The HAR file is written while the traffic flows, see ``har``.
"""
