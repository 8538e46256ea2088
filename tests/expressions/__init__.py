"""Conditions, paths and their text."""
