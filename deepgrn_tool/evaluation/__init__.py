"""Predictions against labels: the table of metrics, and the curves."""
