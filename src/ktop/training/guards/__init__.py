"""Guards: training data that would make a model wrong are refused, or warned of by name, before anything is trained."""

from ktop.training.guards.check import DataWarning, check_inputs, check_table, level_warnings, prediction_warnings
from ktop.training.guards.leaks import crossfit_auc
from ktop.training.guards.prediction import inputs_seen

__all__ = [
    "DataWarning",
    "check_inputs",
    "check_table",
    "crossfit_auc",
    "inputs_seen",
    "level_warnings",
    "prediction_warnings",
]
