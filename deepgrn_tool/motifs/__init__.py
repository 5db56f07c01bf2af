"""Sites of highest attention or contribution, for motif programs, and what known motifs they hold."""
