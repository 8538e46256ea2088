"""Breaks the code on purpose, one small change at a time, and counts which changes the tests notice."""
