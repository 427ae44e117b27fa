"""Pure decisions about what is allowed: values in, frozen dataclasses out."""
