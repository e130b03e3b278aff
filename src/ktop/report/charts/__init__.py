"""The charts of pages and reports, each a plain function from numbers to a ``Chart`` (SVG text and its table)."""

from ktop.report.charts.bars import bars, side_by_side
from ktop.report.charts.chart import Chart, Table
from ktop.report.charts.flow import Link, Place, flow
from ktop.report.charts.gauge import gauge
from ktop.report.charts.histogram import histogram
from ktop.report.charts.intervals import Banded, intervals
from ktop.report.charts.ladder import Rung, ladder
from ktop.report.charts.matrix import matrix
from ktop.report.charts.patent_map import MappedPatent, patent_map
from ktop.report.charts.radar import radar
from ktop.report.charts.region_map import region_map
from ktop.report.charts.shares import shares
from ktop.report.charts.strips import Strip, strips
from ktop.report.charts.trend import Ahead, trend
from ktop.report.charts.waterfall import WaterfallStep, waterfall

__all__ = [
    "Ahead",
    "Banded",
    "Chart",
    "Link",
    "MappedPatent",
    "Place",
    "Rung",
    "Strip",
    "Table",
    "WaterfallStep",
    "bars",
    "flow",
    "gauge",
    "histogram",
    "intervals",
    "ladder",
    "matrix",
    "patent_map",
    "radar",
    "region_map",
    "shares",
    "side_by_side",
    "strips",
    "trend",
    "waterfall",
]
