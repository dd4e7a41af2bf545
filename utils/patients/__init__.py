"""Sick networks for chapter 12: admit one, look inside, find what is wrong, treat it."""

from utils.diagnoses import DIAGNOSES
from utils.patients.clinic import NAMES, TREATMENTS, Patient, Reader, admit, outcomes, treat

__all__ = [
    "DIAGNOSES",
    "NAMES",
    "TREATMENTS",
    "Patient",
    "Reader",
    "admit",
    "outcomes",
    "treat",
]
