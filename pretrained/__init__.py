"""Models that take minutes to train, trained by the course: scripts, and weights beside them.

``python -m pretrained`` trains what is missing or stale. `utils.pytorch.stored` loads the weights.
"""
