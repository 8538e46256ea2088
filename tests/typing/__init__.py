"""Files that type checkers read and nothing runs."""
