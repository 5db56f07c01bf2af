"""Pieces of a track in, the whole track out."""
