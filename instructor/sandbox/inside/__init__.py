"""What runs inside the sandbox, and the one module that both sides of it share, `wire`.

The folder is bound into the sandbox as it is. It imports nothing else of this project but
`utils.checks.running`, which comes with the copy of the course.
"""
