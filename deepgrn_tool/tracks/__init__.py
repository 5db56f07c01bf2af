"""Writers of what users take away: bigWig, bedGraph, DREAM tables, BED."""
