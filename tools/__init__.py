"""The launcher behind `make`, and helpers that the other packages of the course import.

The launcher is `commands` with what it imports: environment, workspace, JupyterLab, tests, style.
It runs under a bare Python, before anything is installed, and therefore imports the standard
library alone; a test holds that. `browser` and `clusters` need installed packages and are none of
its.
"""
