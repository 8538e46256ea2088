"""Tests of `dynarepo.streams`."""
