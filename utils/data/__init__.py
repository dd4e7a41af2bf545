"""Data that the course makes itself: points in the plane, sentences, and examples of tasks.

Every function that draws takes a ``numpy.random.Generator``, so the same seed gives the same
data. Import the module you need, such as ``from utils.data import grammar``.
"""
