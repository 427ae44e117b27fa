"""States of comments."""

from django.db.models import TextChoices


class CommentState(TextChoices):
    """How a comment stands; a withdrawn one changes no more."""

    WRITTEN = "written", "Written"
    EDITED = "edited", "Edited"
    WITHDRAWN = "withdrawn", "Withdrawn"
