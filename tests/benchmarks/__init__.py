"""The parts of the benchmarks that measure nothing: what they say, count, draw and compute."""
