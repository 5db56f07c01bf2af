"""Control sequences: for each site a stretch of the same window, of the same length and as near as can be in G and C.

Being of the same window, controls share chromatin, repeats and composition with the sites, and need no labels. They
keep 100 bp from all sites, since further motifs of a cluster lie closer, touch no control chosen before and hold no
unknown base. Of the stretches that are left, those whose number of G and C is nearest to the site's are drawn from at
random.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.schema import UNKNOWN_BASE

if TYPE_CHECKING:
    from deepgrn_tool.data.features_file import FeaturesFile
    from deepgrn_tool.motifs.sites import Sites

APART = 100  # bp between a control and any site, at least


def matched_controls(features: FeaturesFile, sites: Sites, flank: int, generator: np.random.Generator) -> Sites:
    """Choose a control for each site of a chromosome.

    Args:
        features: The open features file.
        sites: All sites of the chromosome, which do not overlap each other, within their windows.
        flank: bp on each side of a bin that belong to its window.
        generator: Draws among equals.

    Returns:
        The controls, in the order of the sites and on their strands; fewer where a window has no room.

    Raises:
        InputError: The file is damaged.
    """
    size = BIN_SIZE + 2 * flank
    around = np.sort(sites.starts).tolist()
    taken: list[int] = []
    found, kept = [], []
    for number, (start, own) in enumerate(zip(sites.starts.tolist(), sites.bins.tolist(), strict=True)):
        begin = own - flank
        codes = features.sequence(sites.chrom, begin, begin + size)
        free = _stretch_sums(codes == UNKNOWN_BASE, sites.width) == 0
        for others, apart in ((around, APART), (taken, 0)):
            reach = sites.width + apart
            for other in others[bisect_left(others, begin - reach) : bisect_left(others, begin + size + apart)]:
                free[max(0, other - begin - reach + 1) : max(0, other - begin + reach)] = False
        if not free.any():
            continue
        strong = _stretch_sums((codes == 1) | (codes == 2), sites.width)
        unlike = np.where(free, np.abs(strong - strong[start - begin]), size)
        chosen = begin + int(generator.choice(np.flatnonzero(unlike == unlike.min())))
        insort(taken, chosen)
        found.append(chosen)
        kept.append(number)
    controls = sites.take(np.array(kept, np.int64))
    controls.starts[:] = found
    return controls


def _stretch_sums(flags: NDArray[np.bool_], width: int) -> NDArray[np.int64]:
    """Count the flags of every stretch of `width` positions."""
    running = np.concatenate([[0], np.cumsum(flags)])
    return running[width:] - running[:-width]
