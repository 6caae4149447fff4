"""Hooks: what a user's own functions or commands do to a deployment beyond its API.

``--hooks FILE`` names a Python file whose functions pay a checkout session, read a code that was
sent, or advance a test clock. A command line in the settings can do the same. The knowledge of an
API lists the hooks that its stories can use (``Hook``).

Functions run in a process of their own (``worker``), so a hook that hangs can be ended.
"""
