"""Speed, measured against what is usual: programs to run by hand, no tests."""
