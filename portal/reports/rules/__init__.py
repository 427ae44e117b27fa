"""Pure decisions of the reports app: what may be printed, what is said, what can be checked."""
