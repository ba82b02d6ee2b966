"""Speed as ratios to stated yardsticks, measured in one run: programs to run by hand, no timed tests."""
