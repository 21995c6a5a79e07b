"""What a run means: outcomes, inequality, costs and comparison, from run folders alone."""
