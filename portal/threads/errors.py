"""What threads refuse, as facts."""

from portal.core.errors import Conflict, Forbidden


class NotYourComment(Forbidden):
    """Only its author edits or withdraws a comment."""

    code = "not_your_comment"


class CommentWithdrawn(Conflict):
    """A withdrawn comment changes no more."""

    code = "comment_withdrawn"
