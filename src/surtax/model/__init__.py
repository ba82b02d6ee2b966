"""Equation systems in changes (exact hat algebra), their array kernels, and what they answer: an `Outcome`.

One module a model. The room takes a `World` and a plain schedule; it knows no files and no terminals.
"""
