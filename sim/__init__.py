"""The model: residents and care tied to one clock, and the record of what happened."""
