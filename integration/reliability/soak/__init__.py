"""Many tasks at work for a long time, each of which knows what it must find."""
