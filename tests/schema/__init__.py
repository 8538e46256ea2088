"""What models declare."""
