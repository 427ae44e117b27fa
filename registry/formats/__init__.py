"""Formats that others read: what the registry knows, written as they expect it."""
