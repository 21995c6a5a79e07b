"""Who: residents and organisations, their columns, their luck and the evidence they rest on."""
