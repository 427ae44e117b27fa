"""Minutes of work of the reports app: values in, values out."""
