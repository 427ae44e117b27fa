"""Entry points of limited children: they open files that nobody has vouched for."""
