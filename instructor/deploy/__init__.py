"""Give a class the course in its browsers: container file, JupyterHub's settings, measurements."""
