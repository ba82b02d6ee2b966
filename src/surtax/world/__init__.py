"""Accounts of countries × sectors."""
