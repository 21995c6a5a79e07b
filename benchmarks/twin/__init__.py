"""A plain twin of the whole model, one small object a person and one process a contact."""
