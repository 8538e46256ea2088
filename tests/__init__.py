"""The unit tests: no network but loopback, and nothing to install but Python packages."""
