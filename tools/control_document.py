"""Prints the control API's document as the mock of billing serves it, for ``make check``."""

import json

from mockserver import packaged
from mockserver.control import document


def main() -> None:
    """Print the merged document as JSON."""
    print(json.dumps(document.load(packaged.billing_control_spec(), {}).document, indent=2))


if __name__ == "__main__":
    main()
