"""Readers of the file formats that users bring: FASTA, bigWig, BAM/CRAM, BED, GTF, tables."""
