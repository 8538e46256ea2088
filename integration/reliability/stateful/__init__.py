"""Random sequences of calls, and the plain Python that says how each must end."""
