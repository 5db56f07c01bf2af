"""Labels: which bins a factor binds in which cell, made from peaks and read from label files."""
