"""Collect submissions from folders and from what learning platforms export.

`collect` finds them, `import_into` puts them into a class folder.
"""

from instructor.collecting.collect import Collected, Collection, collect
from instructor.collecting.contents import grade_ids, known_assignments, recognise
from instructor.collecting.entries import ArchiveLimits, CollectError, Problem
from instructor.collecting.importing import (
    Imported,
    LedgerEntry,
    import_into,
    read_ledger,
    submitted_path,
)
from instructor.collecting.names import safe_id
from instructor.collecting.roster import Roster, RosterError, RosterStudent
from instructor.collecting.times import parse_due

__all__ = [
    "ArchiveLimits",
    "CollectError",
    "Collected",
    "Collection",
    "Imported",
    "LedgerEntry",
    "Problem",
    "Roster",
    "RosterError",
    "RosterStudent",
    "collect",
    "grade_ids",
    "import_into",
    "known_assignments",
    "parse_due",
    "read_ledger",
    "recognise",
    "safe_id",
    "submitted_path",
]
