# Every target is one command of tools/course.py, which also runs where there is no make.
PYTHON ?= python3
COURSE = $(PYTHON) tools/course.py

.DEFAULT_GOAL := help
.PHONY: help lab test book exercises experiments pretrained bench lint constraints instructor test-instructor

help:
	@$(COURSE) help

lab test book exercises experiments pretrained bench lint constraints instructor test-instructor:
	@$(COURSE) $@
