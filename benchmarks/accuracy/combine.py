"""The mean of several networks' scores, as another network of the table: what seeds differ in cancels out."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.accuracy.results import Result
from benchmarks.accuracy.rows import Row, evaluate


def mean_scores(sources: list[Path], output: Path) -> None:
    """Average score tables (.tab.gz) of the same bins, line by line.

    Raises:
        ValueError: A table has other bins.
    """
    streams = [gzip.open(source, "rt") for source in sources]
    try:
        with gzip.open(output, "wt", compresslevel=1) as out:
            for lines in zip(*streams, strict=True):
                bins, scores = zip(*(line.rstrip("\n").rsplit("\t", 1) for line in lines), strict=True)
                if len(set(bins)) > 1:
                    raise ValueError(f"{output.name}: the tables have other bins at {bins[0]!r}")
                out.write(f"{bins[0]}\t{sum(map(float, scores)) / len(scores):.6g}\n")
    finally:
        for stream in streams:
            stream.close()


def combined_rows(rows: Iterable[Row], folder: Path) -> Iterator[Result]:
    """Combine the seeds of each method, as far as they have been scored.

    Args:
        rows: Of one task or more.
        folder: Where their scores are, and where the means go.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.task.factor, row.method), []).append(row)
    for seeds in groups.values():
        sources = [path for row in seeds if (path := folder / f"{row.stem}.tab.gz").exists()]
        if len(sources) < 2:
            continue
        first = seeds[0]
        output = folder / f"{first.stem.removesuffix(f'.seed{first.seed}')}.mean.tab.gz"
        mean_scores(sources, output)
        auprc, auroc = evaluate(first.task, output, folder)
        yield Result(first.task.factor, f"{first.method}, mean of {len(sources)} networks' scores", 0, auprc, auroc)
