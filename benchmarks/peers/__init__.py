"""Peers that do the whole job beside ours: one module each, run in an environment of its own."""
