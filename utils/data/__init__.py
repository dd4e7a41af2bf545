"""Data that is on every machine: made by the course, or part of a package that it needs.

Points in the plane, sentences, reviews, dates, melodies and examples of tasks are made here; text
comes from Python's own manual, series from statsmodels, names and dates from Babel. Every function
that draws takes a ``numpy.random.Generator``, so the same seed gives the same data. Import the
module you need, such as ``from utils.data import grammar``.
"""
