"""The figure of importances, as it is laid out before it is written."""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure

from deepgrn_tool.importance import plot
from deepgrn_tool.importance.measure import ModelImportance


@pytest.fixture
def figures(monkeypatch):
    """Figures that were drawn, laid out and not written."""
    drawn = []

    @contextmanager
    def keep(paths, size):
        figure = Figure(figsize=size, layout="constrained")
        yield [figure.subplots()]
        figure.draw_without_rendering()
        drawn.append(figure)

    monkeypatch.setattr(plot, "figure_files", keep)
    return drawn


def network(name, inputs):
    bins = SimpleNamespace(cells=("GM12878",), chromosomes=("chr20",))
    return ModelImportance(name, "CTCF", bins, 0.5, {each: np.array([0.1, 0.2]) for each in inputs})


@pytest.mark.parametrize("length", [4, 20, 60])
@pytest.mark.parametrize("count", [1, 2, 6, 24])
def test_names_of_networks_leave_room_for_the_bars(figures, count, length):
    """The legend used to push the bars together; now it has rows of its own."""
    measured = [network(f"{number:0{length}}", ["sequence", "accessibility"]) for number in range(count)]
    plot.draw_importance(["f.png"], measured)
    (figure,) = figures
    (axes,) = figure.axes
    place, (legend,) = axes.get_position(), figure.legends
    assert place.width > 0.75
    assert place.height * figure.get_figheight() > 2.5  # inches
    assert legend.get_window_extent().y1 < axes.get_tightbbox().y0
    assert len(legend.get_texts()) == count
    if length <= 20:
        assert legend.get_window_extent().width <= figure.bbox.width
