"""Columns, constraints and querysets of monitoring."""

from monitoring.models.plans import ValidationPlan
from monitoring.models.runs import Measurement, ValidationCheck, ValidationRun

__all__ = ["Measurement", "ValidationCheck", "ValidationPlan", "ValidationRun"]
