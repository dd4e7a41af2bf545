"""Live figures in the book: frames computed in the kernel, stepped in the browser by a script.

``kernel`` is loaded into the kernel that executes a notebook and adds the frames to the output of
every live figure; ``player`` makes the html of them, and ``static/player.js`` steps it.
"""

MIME = "application/vnd.unrolled.frames+json"
"""The frames of a live figure among the forms of an output."""
