"""What runs in the cage: no Django, no settings, no database."""
