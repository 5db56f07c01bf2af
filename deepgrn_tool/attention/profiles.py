"""One stream of profiles along windows, whether they come from attention or from gradients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from deepgrn_tool.attention.attended import AttendedWindows, attended_windows
from deepgrn_tool.attention.bins import ChosenBins
from deepgrn_tool.attention.geometry import Profile, strand_profiles
from deepgrn_tool.attention.gradient import contributed_windows
from deepgrn_tool.attention.reduce import relative_attention
from deepgrn_tool.attention.tracks import BOTH, FORWARD, REVERSE, Profiles
from deepgrn_tool.data.intervals import Positions
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.network.files import Model

Method = Literal["attention", "gradient"]


@dataclass(frozen=True)
class ProfiledWindows:
    """Windows of one chromosome and their values along the bases.

    Attributes:
        chrom: Name of the chromosome.
        starts: int64, shape (windows,), starts of the bins.
        profiles: What goes into each track: `BOTH`, `FORWARD`, `REVERSE`.
        attended: The full attention, None for gradients.
    """

    chrom: str
    starts: Positions
    profiles: Profiles
    attended: AttendedWindows | None


def profiled_windows(
    model: Model,
    reader: InputReader,
    bins: ChosenBins,
    method: Method,
    share: float,
    threads: int = 1,
) -> Iterator[ProfiledWindows]:
    """Compute what the tracks and rows show.

    Args:
        model: The network.
        reader: Reader of the network's inputs.
        bins: The bins.
        method: "attention" or "gradient".
        share: Which part of the attention's dimensions to average.
        threads: Processor threads.

    Yields:
        All bins, in order.

    Raises:
        UsageError: Gradients are asked of another backend than TensorFlow.
        InputError: A score is not a number, or the features file is damaged.
    """
    if method == "gradient":
        for one in contributed_windows(model, reader, bins, threads):
            forward, reverse = (Profile(values, 0, 1) for values in one.strands)
            whole: Profiles = {BOTH: (Profile(one.merged, 0, 1),), FORWARD: (forward,), REVERSE: (reverse,)}
            yield ProfiledWindows(one.chrom, one.starts, whole, None)
        return
    for windows in attended_windows(model, reader, bins, threads):
        relative = relative_attention(windows.attention, model.config, share)
        forward, reverse = strand_profiles(relative, model.config)
        strands: Profiles = {BOTH: (forward, reverse), FORWARD: (forward,), REVERSE: (reverse,)}
        yield ProfiledWindows(windows.chrom, windows.starts, strands, windows)
