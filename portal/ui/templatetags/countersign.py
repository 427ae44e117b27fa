"""`{% load countersign %}`: every part of the look. docs/components.md shows one line of use for each."""

from django import template

from portal.ui.templatetags import inline, parts

register = template.Library()
for library in (inline.register, parts.register):
    register.tags.update(library.tags)
    register.filters.update(library.filters)
