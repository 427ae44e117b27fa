"""Verbs on people, teams, grants and tokens."""
