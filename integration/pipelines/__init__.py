"""The example application, end to end: over HTTP on every backend, and in a browser."""
