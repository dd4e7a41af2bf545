"""Sick networks for chapter 12: admit one, look inside, find what is wrong, treat it."""

from utils.patients.clinic import NAMES, TREATMENTS, Patient, Reader, admit, outcomes, treat

__all__ = ["NAMES", "TREATMENTS", "Patient", "Reader", "admit", "outcomes", "treat"]
