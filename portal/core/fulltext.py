"""What PostgreSQL finds text by: expressions that an index and a query spell alike, so that the index is used.

They are spelled without parameters: a prepared statement plans `to_tsvector($1, …)` as something else than what the
index holds.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.expressions import OrderBy
from django.db.models.functions import Collate, Upper
from django.db.models.indexes import IndexExpression

CONFIG = "english"
# What `django.contrib.postgres` does as an installed app; that also asks the database for types we don't use, at every
# first connection, and through the default one, whichever was opened.
IndexExpression.register_wrappers(OrderBy, OpClass, Collate)


class Words(models.Func):
    """The words of columns that are never null, by their stem."""

    template = f"to_tsvector('{CONFIG}'::regconfig, %(expressions)s)"
    arg_joiner = " || ' ' || "
    output_field = SearchVectorField()


class NamesWithin(models.Func):
    """The words of the first thousand names in a column of JSON such as [{name, type}], by their stem.

    Not of all: a row of which an index can't hold the words could not be written.
    """

    function = "jsonb_to_tsvector"
    template = (
        f"%(function)s('{CONFIG}'::regconfig, "
        "jsonb_path_query_array(%(expressions)s, '$[0 to 999].name'), '[\"string\"]')"
    )
    arity = 1
    output_field = SearchVectorField()


class Alike(models.Func):
    """Whether a word is like one in a text, by the three letters that they share (pg_trgm)."""

    template = "(%(expressions)s)"
    arg_joiner = " %%> "
    arity = 2
    output_field = models.BooleanField()


def words_index(*columns: str, name: str) -> GinIndex:
    """Return the index behind `Words` of the columns."""
    return GinIndex(Words(*columns), name=name)


def parts_index(*columns: str, name: str) -> GinIndex:
    """Return the index behind `holding` and `Alike` of each of the columns, in capitals (pg_trgm)."""
    return GinIndex(*(OpClass(Upper(column), name="gin_trgm_ops") for column in columns), name=name)


def beginning_index(column: str, name: str) -> models.Index:
    """Return the index behind `startswith` of a digest or a commit, whatever the database's collation."""
    return models.Index(fields=[column], name=name, opclasses=["varchar_pattern_ops"])


def holding(words: Iterable[str], *columns: str) -> models.Q:
    """Return the condition that each of the words stands in one of the columns, in any case."""
    found = models.Q()
    for word in words:
        any_column: Any = models.Q()
        for column in columns:
            any_column |= models.Q(**{f"{column}__icontains": word})
        found &= any_column
    return found
