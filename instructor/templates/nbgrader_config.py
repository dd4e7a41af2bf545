"""nbgrader's settings for this class, made by `make instructor`.

Change what you like: a changed file is never overwritten. Every line that keeps submissions from
running unprotected, or from running scripts in your browser, says so.
"""

import os

c = get_config()  # noqa: F821

ROOT = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.root = ROOT
c.CourseDirectory.course_id = "unrolled"

# The gradebook: a file here, or the database that the environment variable UNROLLED_GRADEBOOK
# names, such as postgresql+psycopg://user:password@host/database. Passwords belong there, not here.
c.CourseDirectory.db_url = (
    os.environ.get("UNROLLED_GRADEBOOK") or f"sqlite:///{os.path.join(ROOT, 'gradebook.db')}"
)

c.CourseDirectory.source_directory = "source"
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"
c.NbGrader.logfile = ""
c.FormgradeExtension.debug = False  # formgrader would show these settings, passwords included

# What stands where a solution stood. An answer cell that was left alone runs and earns nothing.
c.ClearSolutions.code_stub = {"python": "..."}
c.ClearSolutions.text_stub = "*Your answer here.*"

# Formgrader's button "Autograde" and `nbgrader autograde` grade in the sandbox, as `python -m
# instructor grade` does. Without these three lines nbgrader runs a submission with all your rights.
c.Autograde.exporter_class = "instructor.formgrader.SandboxedExporter"
c.Autograde.sanitize_preprocessors = []
c.Autograde.autograde_preprocessors = []

# Limits for one submission: seconds in all, and bytes of memory.
# c.SandboxedExporter.seconds = 300.0
# c.SandboxedExporter.memory = 4 * 1024**3

# "Generate feedback" writes the pages of `python -m instructor feedback`.
c.GenerateFeedback.exporter_class = "instructor.formgrader.FeedbackExporter"
c.GenerateFeedback.preprocessors = []

# Formgrader shows what learners wrote as pages of your Jupyter server.
# Without these lines a script in a submission runs there as you.
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {
    "markdown2html": "instructor.pages.markdown_to_html",
    "clean_html": "instructor.pages.clean_html",
}
