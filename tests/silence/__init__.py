"""What the test of silence needs: values that can be found again, calls, and the ways in which they end."""
