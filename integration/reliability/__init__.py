"""What is promised about faults, tried out between a repository and a server."""
