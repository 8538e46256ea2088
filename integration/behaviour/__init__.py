"""What the library does on a real server."""
