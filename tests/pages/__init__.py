"""Tests of pages, batches and cursors."""
