"""Programs that turn the public sources into the tables of src/surtax/data, one module a table."""
