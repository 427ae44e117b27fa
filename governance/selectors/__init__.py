"""Reads of governance: who may sign, what a signature covers, what a gate reads."""
