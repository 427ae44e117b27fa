"""Evidence: packs that prove what was decided, on what, by whom."""
