"""What the written specifications demand, asked of the public API."""
