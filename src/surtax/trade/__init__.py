"""Product-level trade: what the law does to it line by line, and what the model is told of it."""
