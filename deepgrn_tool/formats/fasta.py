"""FASTA genomes, plain or bgzip, as arrays of base codes.

Every letter but A, C, G, T (either case) is read as N. Indexes (.fai, .gzi) beside the file are used when they are
newer than it; otherwise they are made in a temporary folder. Nothing is ever written beside the user's file.
"""

from __future__ import annotations

import gzip
import os
import string
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pysam

from deepgrn_tool.errors import InputError, did_you_mean
from deepgrn_tool.formats.regular import check_regular
from deepgrn_tool.output import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from numpy.typing import NDArray

UNKNOWN_BASE = 4
_REFUSED = 255
_GZIP_MAGIC = b"\x1f\x8b"
_BGZF_HEAD = 18  # bytes
_SCAN_SIZE = 1 << 22  # bytes


def _code_table() -> bytes:
    table = bytearray([_REFUSED] * 256)
    for letter in string.ascii_letters:
        table[ord(letter)] = UNKNOWN_BASE
    for code, base in enumerate("ACGT"):
        table[ord(base)] = table[ord(base.lower())] = code
    return bytes(table)


_CODES = _code_table()


def encode(sequence: str) -> NDArray[np.uint8]:
    """Turn DNA into base codes.

    Returns:
        uint8, shape (len(sequence),): A, C, G, T = 0..3, any other letter 4, anything that is no letter 255.

    >>> encode("acGTN-").tolist()
    [0, 1, 2, 3, 4, 255]
    """
    return np.frombuffer(sequence.encode("latin-1", "replace").translate(_CODES), np.uint8)


@contextmanager
def quiet_htslib() -> Iterator[None]:
    """Keep htslib from writing its own messages to stderr beside ours."""
    previous = pysam.set_verbosity(0)
    try:
        yield
    finally:
        pysam.set_verbosity(previous)


def _check_kind(path: Path) -> bool:
    """Refuse what is not FASTA; tell whether the file is bgzip."""
    check_regular(path)
    with open(path, "rb") as stream:
        head = stream.read(_BGZF_HEAD)
    if not head:
        raise InputError("is empty", path)
    if head[:2] == _GZIP_MAGIC:
        if not (len(head) == _BGZF_HEAD and head[3] & 4 and head[12:14] == b"BC"):
            raise InputError(
                f"is gzip, which cannot be read at random; recompress it: gunzip -c {path.name} | bgzip > NEW.fa.gz",
                path,
            )
        try:
            with gzip.open(path) as unpacked:
                head = unpacked.read(1)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError("compressed data is damaged or truncated; copy the file again", path) from error
        bgzip = True
    else:
        bgzip = False
    if not head.lstrip()[:1] == b">":
        raise InputError("is not FASTA: it does not begin with '>'", path)
    return bgzip


def _count_records(path: Path, bgzip: bool) -> int:
    records, last = 0, b"\n"
    try:
        with gzip.open(path) if bgzip else open(path, "rb") as stream:
            while block := stream.read(_SCAN_SIZE):
                records += block.count(b"\n>") + (last == b"\n" and block[:1] == b">")
                last = block[-1:]
    except (OSError, EOFError, zlib.error) as error:
        raise InputError("compressed data is damaged or truncated; copy the file again", path) from error
    return records


def _usable_indexes(path: Path, bgzip: bool) -> bool:
    """Tell whether every index that htslib needs is beside the file and not older than it."""
    written = path.stat().st_mtime
    for suffix in (".fai", ".gzi") if bgzip else (".fai",):
        index = Path(f"{path}{suffix}")
        if not (index.is_file() and os.access(index, os.R_OK) and index.stat().st_mtime >= written):
            return False
    return True


class Fasta:
    """A genome that is read piece by piece.

    Args:
        path: Plain or bgzip-compressed FASTA file.

    Attributes:
        path: The user's file.
        indexed_path: A path of the same file beside which htslib finds the indexes.
        lengths: Chromosome name → length in bp, in the order of the file.

    Raises:
        InputError: The file is empty, not FASTA, ordinary gzip, damaged, or has two sequences of one name.
    """

    def __init__(self, path: str | Path) -> None:
        """Check the file and open it with its index, or with a temporary one."""
        self.path = Path(path)
        bgzip = _check_kind(self.path)
        self._folder = temporary_folder()
        try:
            self.indexed_path = self.path
            records = None
            if not _usable_indexes(self.path, bgzip):
                records = _count_records(self.path, bgzip)
                self.indexed_path = Path(self._folder.name) / ("genome.fa.gz" if bgzip else "genome.fa")
                self.indexed_path.symlink_to(self.path.resolve())
            self._file = self._open()
            self.lengths = self._check_names(records)
        except BaseException:
            self._folder.cleanup()
            raise

    def _open(self) -> pysam.FastaFile:
        with quiet_htslib():
            try:
                return pysam.FastaFile(str(self.indexed_path))
            except (OSError, ValueError) as error:
                raise InputError(
                    "cannot be indexed: within a sequence all lines but the last must be equally long, and every "
                    "sequence needs a name; `samtools faidx` shows the place",
                    self.path,
                ) from error

    def _check_names(self, records: int | None) -> dict[str, int]:
        names = list(self._file.references)
        lengths = dict(zip(names, self._file.lengths, strict=True))
        if len(lengths) < len(names) or (records is not None and records > len(names)):
            twice = self._find_duplicate()
            problem = "has a sequence without bases" if twice is None else f"has two sequences named '{twice}'"
            raise InputError(f"{problem}; remove it", self.path)
        empty = next((name for name, length in lengths.items() if length == 0), None)
        if not lengths or empty is not None:
            raise InputError(f"sequence '{empty}' is empty" if empty else "holds no sequence", self.path)
        odd = next((name for name in names if not name.isprintable()), None)
        if odd is not None:
            raise InputError(f"the name of sequence '{odd}' holds control characters; rename it", self.path)
        return lengths

    def _find_duplicate(self) -> str | None:
        seen: set[bytes] = set()
        with gzip.open(self.path) if self.indexed_path.suffix == ".gz" else open(self.path, "rb") as stream:
            for line in stream:
                if line.startswith(b">"):
                    name = (line[1:].split() or [b""])[0]
                    if name in seen:
                        return name.decode("utf-8", "replace")
                    seen.add(name)
        return None

    def __enter__(self) -> Fasta:
        """Return the genome itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file and remove temporary indexes."""
        self._file.close()
        self._folder.cleanup()

    def codes(self, chrom: str, start: int, end: int) -> NDArray[np.uint8]:
        """Read base codes.

        Args:
            chrom: Chromosome name.
            start: 0-based start, within the chromosome.
            end: End, exclusive, within the chromosome.

        Returns:
            uint8, shape (end - start,): A, C, G, T = 0..3, N and other letters 4.

        Raises:
            InputError: The chromosome is unknown, or the sequence holds something that is no letter.
        """
        if chrom not in self.lengths:
            raise InputError(f"has no chromosome '{chrom}'{did_you_mean(chrom, self.lengths)}", self.path)
        with quiet_htslib():
            try:
                text = self._file.fetch(chrom, start, end)
            except (OSError, ValueError, UnicodeDecodeError) as error:
                raise InputError(f"{chrom} cannot be read; the file is damaged or truncated", self.path) from error
        codes = encode(text)
        if codes.size != end - start:
            raise InputError(f"{chrom} is shorter than its index says; delete the .fai file beside it", self.path)
        if codes.size and codes.max() == _REFUSED:
            place = int(np.argmax(codes == _REFUSED))
            raise InputError(f"{chrom}, base {start + place + 1}: '{text[place]}' is not a letter", self.path)
        return codes
