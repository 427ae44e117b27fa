"""Minutes of work: files and children; values in, values out."""
