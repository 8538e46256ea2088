"""Programs that use dynarepo; the tests run each."""
