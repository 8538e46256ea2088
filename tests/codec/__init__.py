"""Tests of the value codec."""
