"""Events of comments: `data` has a digest of the text, never the text."""

from portal.ledger.catalogue import declare

COMMENT_WRITTEN = declare("threads.comment.written", "wrote the comment")
COMMENT_EDITED = declare("threads.comment.edited", "edited the comment")
COMMENT_WITHDRAWN = declare("threads.comment.withdrawn", "withdrew the comment")
