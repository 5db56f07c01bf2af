"""Sequences of sites, as base codes and as FASTA that MEME and STREME read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.schema import UNKNOWN_BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepgrn_tool.data.features_file import FeaturesFile
    from deepgrn_tool.motifs.sites import Sites

Codes = NDArray[np.uint8]
LETTERS = np.frombuffer(b"ACGTN", np.uint8)
COMPLEMENT = np.array([3, 2, 1, 0, UNKNOWN_BASE], np.uint8)


def site_codes(features: FeaturesFile, sites: Sites, margin: int = 0) -> Codes:
    """Read the bases of sites, along the strand of each.

    Args:
        features: The open features file.
        sites: The sites.
        margin: Further bp on both sides.

    Returns:
        uint8, shape (sites, width + 2 * margin): A, C, G, T = 0..3, other 4, as are bases off the chromosome's ends.

    Raises:
        InputError: The file is damaged.
    """
    size = sites.width + 2 * margin
    codes = np.empty((len(sites), size), np.uint8)
    for row, start in zip(codes, (sites.starts - margin).tolist(), strict=True):
        row[:] = features.sequence(sites.chrom, start, start + size)
    codes[sites.reverse] = COMPLEMENT[codes[sites.reverse, ::-1]]
    return codes


def site_names(sites: Sites) -> list[str]:
    """Name sites `chrom:start-end(strand)`, 0-based and half-open, as bedtools getfasta does."""
    strands = np.where(sites.reverse, "-", "+").tolist()
    return [
        f"{sites.chrom}:{start}-{start + sites.width}({strand})"
        for start, strand in zip(sites.starts.tolist(), strands, strict=True)
    ]


def fasta_records(sites: Sites, codes: Codes) -> Iterator[str]:
    """Write sites as FASTA, one line of upper-case sequence each.

    Args:
        sites: The sites.
        codes: Their bases, as `site_codes` gives them.

    Yields:
        One record per site, in order.
    """
    for name, row in zip(site_names(sites), LETTERS[codes], strict=True):
        yield f">{name}\n{row.tobytes().decode()}\n"


def bed_rows(sites: Sites, first: int) -> Iterator[str]:
    """Write sites as BED6 and three more columns: value, the bin's score, the bin's start.

    Column 5 is 1000 times the value, rounded, since BED wants a whole number there.

    Args:
        sites: The sites.
        first: Number of the first one, in its name.

    Yields:
        One line per site, in order.
    """
    columns = (sites.starts, sites.reverse, sites.values, sites.probability, sites.bins)
    for number, (start, reverse, value, score, own) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True), first
    ):
        place = f"{sites.chrom}\t{start}\t{start + sites.width}"
        strand = "-" if reverse else "+"
        yield f"{place}\tsite_{number}\t{round(1000 * value)}\t{strand}\t{value:.6g}\t{score:.6g}\t{own}\n"
