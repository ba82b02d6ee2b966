"""An independent second opinion on the core system: slow, plain, sharing no code with the product."""
