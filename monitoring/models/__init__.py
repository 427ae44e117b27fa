"""Columns, constraints and querysets of monitoring."""

from monitoring.models.plans import ValidationPlan
from monitoring.models.profiles import ColumnProfile, SnapshotProfile
from monitoring.models.runs import Measurement, ValidationCheck, ValidationRun

__all__ = [
    "ColumnProfile",
    "Measurement",
    "SnapshotProfile",
    "ValidationCheck",
    "ValidationPlan",
    "ValidationRun",
]
