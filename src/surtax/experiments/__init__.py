"""Experiments that a statement about trade calls for: doing without a partner's goods, and removing a border.

Asks `model`, `world`, `policy` and `trade`; knows no terminals.
"""
