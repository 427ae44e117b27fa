"""One backup of each release, made by its own code: what the newest release must be able to take over."""
