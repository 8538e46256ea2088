"""Tests of `dynarepo.testing`."""
