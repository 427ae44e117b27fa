"""Pure decisions about validation: values in, frozen dataclasses out."""
