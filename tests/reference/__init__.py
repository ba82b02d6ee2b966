"""An independent second opinion on the core system: slow, plain, no code of the product."""
