"""Side-by-side measurements of this server and Prism: ``python -m benchmarks.run``. No part of the package."""
