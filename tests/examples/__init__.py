"""The programs in `examples/`, run as a user would."""
