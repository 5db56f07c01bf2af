"""The prediction engine: chromosome segments in, scores and attention out."""
