"""Programs that build what the package ships; not part of the package."""
