"""What stands behind `make`: set-up, the learner's workspace, tests and generated exercises."""
