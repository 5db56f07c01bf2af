"""Parts of the program that makes the bundled data set: sequence, chromatin, genes, and the files that hold them."""
