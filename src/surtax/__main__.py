"""`python -m surtax` is the same as `surtax`."""

from surtax.cli import main

main()
