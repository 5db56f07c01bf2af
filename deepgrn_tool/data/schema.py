"""Names and sizes that the writer and the reader of features files share."""

from __future__ import annotations

FORMAT = "deepgrn-features"
FORMAT_VERSION = "1.0"
PROGRAM = "deepgrn-features"  # makes these files; named in messages

ANNOTATION_CLASSES = ("cpg_island", "cds", "intron", "promoter", "utr5", "utr3")
"""The order of the published networks."""

EXPRESSION_COMPONENTS = 8
ACCESSIBILITY = "accessibility"
UNIQUENESS = "uniqueness"
UNKNOWN_BASE = 4

CHUNK = 65_536  # positions of a chunk of a per-base dataset
SOURCE_PREFIX = "source_"  # attributes that tell where a dataset comes from
