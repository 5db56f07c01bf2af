"""How well scores rank bound bins above unbound ones: areas under curves, recall at given error rates, F1."""
