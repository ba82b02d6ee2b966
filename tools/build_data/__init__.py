"""Programs that turn the public sources into the tables under src/surtax/data, one module a table."""
