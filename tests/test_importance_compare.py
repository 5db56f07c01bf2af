"""Wilcoxon's test against published numbers and R, and which pairs it is given."""

import numpy as np
import pytest

from deepgrn_tool.errors import UsageError
from deepgrn_tool.importance.bins import MeasuredBins
from deepgrn_tool.importance.compare import Comparison, compare, of_networks, signed_rank
from deepgrn_tool.importance.measure import ModelImportance
from deepgrn_tool.importance.table import table_text
from deepgrn_tool.training.sampling import EpochPlan

# Hollander & Wolfe 1973, p. 29: depression scores of nine patients before and after. R 4.2, wilcox.test(before, after,
# paired = TRUE): V = 40 (the other sum is 5), p-value = 0.03906.
BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
# Five bins, two of them bound; unbound ones stand for four.
LABELS = np.array([1, 1, 0, 0, 0], np.uint8)
PLAN = EpochPlan(np.zeros(5, np.int32), np.zeros(5, np.int16), np.arange(5, dtype=np.int32), LABELS)
BINS = MeasuredBins(("K562",), ("chr20", "chr21"), PLAN, np.array([1.0, 1, 4, 4, 4]))


def network(name, **decreases):
    return ModelImportance(name, "", BINS, 0.5, {key: np.array(values, float) for key, values in decreases.items()})


def rows(comparison, measured):
    return [row.rstrip("\n").split("\t") for row in compare(comparison, measured)]


def test_the_published_example():
    statistic, p_value = signed_rank(np.subtract(BEFORE, AFTER))
    assert statistic == 5
    assert p_value == pytest.approx(2 * 10 / 2**9)  # 10 of 512 sign patterns have a sum of at most 5
    assert round(p_value, 5) == 0.03906


def test_zeros_are_left_out_and_ties_are_not_exact():
    assert signed_rank(np.array([0.0, 1, 2, 3, 4, 5, 0])) == (0.0, 2 / 2**5)
    assert np.isnan(signed_rank(np.zeros(4))).all()
    # Ranks of |1 1 2 -1|: 2 2 4 2. Sum of negatives 2, mean 5, variance 7.5 - (27 - 3) / 48 = 7; z = -3 / sqrt(7).
    statistic, p_value = signed_rank(np.array([1.0, 1, 2, -1]))
    assert statistic == 2
    assert p_value == pytest.approx(0.256839, abs=1e-6)


def test_inputs_over_all_networks():
    """Mean of each input over its repeats; of two inputs their mean; only networks that have all count."""
    measured = [
        network("a", sequence=[0.1, 0.3], accessibility=[0.4, 0.4], uniqueness=[0.0, 0.2]),
        network("b", sequence=[0.3, 0.3], accessibility=[0.2, 0.4], uniqueness=[0.1, 0.1]),
        network("c", sequence=[0.9, 0.9], accessibility=[0.1, 0.1]),
    ]
    assert rows(Comparison(("sequence",), ("accessibility", "uniqueness")), measured) == [
        # a: 0.2 and 0.25; b: 0.3 and 0.2. Differences -0.05 and 0.1, ranks 1 and 2.
        ["sequence", "accessibility,uniqueness", "all", "2", "0.25", "0.225", "0.025", "1", "1"]
    ]
    found = rows(Comparison(("sequence",), ("accessibility",)), measured)
    # Differences -0.2, 0, 0.8.
    assert found == [["sequence", "accessibility", "all", "3", "0.466667", "0.266667", "0", "1", "1"]]


def test_networks_in_pairs():
    measured = [
        network("a1", sequence=[0.5], accessibility=[0.25]),
        network("a2", sequence=[0.75], accessibility=[0.5]),
        network("b1", sequence=[0.25], accessibility=[0.125], uniqueness=[0.1]),
        network("b2", sequence=[0.25], accessibility=[0.5]),
    ]
    assert rows(Comparison(("a1", "a2"), ("b1", "b2")), measured) == [
        ["a1,a2", "b1,b2", "sequence", "2", "0.625", "0.25", "0.375", "0", "0.5"],
        ["a1,a2", "b1,b2", "accessibility", "2", "0.375", "0.3125", "0.0625", "0", "1"],
        ["a1,a2", "b1,b2", "uniqueness", "0", "NA", "NA", "NA", "NA", "NA"],
        ["a1,a2", "b1,b2", "all", "4", "0.5", "0.28125", "0.1875", "0", "0.25"],
    ]


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        ("sequence", "K9", "'K9' is no network or input (it has a, b, annotation, sequence, annotation)"),
        ("sequense", "a", "'sequense' is no network or input; did you mean 'sequence'?"),
        ("sequence", "a", "mixes networks and inputs"),
        ("a", "annotation", "'annotation' is a network and an input; name the network otherwise"),
        ("a", "a", "names something twice"),
        ("a,b", "annotation", "'annotation' is a network and an input; name the network otherwise"),
    ],
)
def test_what_cannot_be_compared(left, right, message):
    comparison = Comparison(tuple(left.split(",")), tuple(right.split(",")))
    with pytest.raises(UsageError) as caught:
        of_networks(comparison, ["a", "b", "annotation"], ["sequence", "annotation"])
    name = f"--compare {left}:{right}"
    assert str(caught.value) in (f"{name} {message}", f"{name}: {message}")


def test_unequal_numbers_of_networks():
    with pytest.raises(UsageError) as caught:
        of_networks(Comparison(("a", "b"), ("c",)), ["a", "b", "c"], ["sequence"])
    assert str(caught.value) == "--compare a,b:c: networks are compared in pairs; give as many on both sides"


def test_table():
    """Standard deviation of 0.1 and 0.3: sqrt(0.02); base rate 2 of 14; auPRC 0.5."""
    text = table_text([network("a", sequence=[0.1, 0.3]), network("b", annotation=[-0.25])])
    header, first, second = (line.split("\t") for line in text.splitlines())
    assert dict(zip(header, first, strict=True)) == {
        "model": "a",
        "factor": "NA",
        "cells": "K562",
        "chromosomes": "chr20,chr21",
        "bins": "5",
        "bound": "2",
        "base_rate": f"{2 / 14:.6g}",
        "auprc": "0.5",
        "input": "sequence",
        "repeats": "2",
        "permuted_auprc": "0.3",
        "decrease": "0.2",
        "decrease_sd": f"{0.02**0.5:.6g}",
        "decrease_min": "0.1",
        "decrease_max": "0.3",
        "relative_decrease": "0.4",
    }
    assert second[8:] == ["annotation", "1", "0.75", "-0.25", "NA", "-0.25", "-0.25", "-0.5"]
