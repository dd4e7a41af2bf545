"""Networks in PyTorch for the five shapes of task: models, their training, decoding, weights.

Import the module you need, such as ``from utils.pytorch import models``; this package itself
imports nothing.
"""
