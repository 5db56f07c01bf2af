"""Tracks for other people's eyes: a UCSC track hub, an IGV session and a page for web browsers in one folder."""
