"""Experiments: doing without a partner's goods, removing a border, one scenario through many models.

Asks `model`, `world`, `policy` and `trade`; knows no terminals.
"""
