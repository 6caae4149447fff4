"""The paths of the stand-in for Stripe.js."""

SCRIPT = "/_mock/stripe.js"
CALLS = "/_mock/stripe/"
FRAME_SCRIPT = f"{CALLS}frame.js"
FRAMES = f"{CALLS}v3/"


def serves(path: str) -> bool:
    """Return whether a path belongs to the stand-in."""
    return path == SCRIPT or path.startswith(CALLS)
