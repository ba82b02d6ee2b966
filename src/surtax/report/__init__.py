"""Tables, charts and files that a person can read, from an `Outcome`; the room knows nothing of solvers."""
