"""Servers that keep their clients waiting, and the calls that wait."""
