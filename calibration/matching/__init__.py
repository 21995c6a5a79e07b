"""Calibration: free parameters by history matching, an emulator and posterior sampling."""
