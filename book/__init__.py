"""The web book: chapters, exercises and solutions as a site of static pages and as one PDF.

``python -m book`` builds it; ``python -m book --help`` says how.
"""
