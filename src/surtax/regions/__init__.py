"""National results by province and by state.

Provinces are regions of a world of their own: their results are solved for. States are not: a national result is
spread over them by their trade, and marked as such. Asks `model`, `world` and `policy`; knows no terminals.
"""
