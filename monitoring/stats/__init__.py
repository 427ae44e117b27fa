"""The statistics engine: numpy and Arrow in, frozen dataclasses out; a random generator is passed in."""
