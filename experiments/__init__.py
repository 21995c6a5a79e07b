"""Places, designs and experiment files; batches of runs; the command line."""
