"""Tests of the pytest plugin: its fixtures in this session, and sessions of its own."""
