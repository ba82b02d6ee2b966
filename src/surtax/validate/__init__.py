"""The literature on one bench: what others published, and what Surtax computes from the same inputs."""
