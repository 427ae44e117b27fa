"""The street: doors on top, floor below."""
