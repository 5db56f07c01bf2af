"""What is known about a genome and its cell types: the features file, bins, intervals."""
