"""The Markdown files: their examples run, their links lead somewhere."""
