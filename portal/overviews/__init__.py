"""Reads that span apps or serve two doors: frozen dataclasses, no writes."""
