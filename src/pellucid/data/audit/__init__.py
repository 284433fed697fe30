"""Audit: what is wrong with data before anything is learned from it, told in sentences with numbers and examples."""

from pellucid.data.audit.audit import Audit, audit, facts_by_part
from pellucid.data.audit.duplicates import Copies, copies_of, copy_groups
from pellucid.data.audit.finding import LEVELS, Finding

__all__ = ["LEVELS", "Audit", "Copies", "Finding", "audit", "copies_of", "copy_groups", "facts_by_part"]
