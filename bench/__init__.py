"""Benchmarks, and the hand-written scripts that they are compared with."""
