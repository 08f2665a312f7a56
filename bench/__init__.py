"""Measures Simple chat beside its peers: see README.md."""
