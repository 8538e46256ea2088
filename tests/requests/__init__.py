"""Requests as they are built, and replies as they are read."""
