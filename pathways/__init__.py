"""What care does: services with limited capacity, routes between them, and designs of care."""
