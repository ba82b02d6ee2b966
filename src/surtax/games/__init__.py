"""Games between governments: objectives, instruments, best replies, Nash equilibria, bargains and escalation.

The room asks the model what happens (an equilibrium and its exact gradient) and decides what a player does about it.
What it calls a best reply is the best one that several searches found, with the evidence beside it; whether there is a
better one cannot be known of a function that is not concave, and results say so.
"""
