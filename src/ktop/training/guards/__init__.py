"""Guards: training data that would make a model wrong are refused, or warned of by name, before anything is trained."""

from ktop.training.guards.check import DataWarning, check_inputs, check_table, unknown_labels
from ktop.training.guards.leaks import crossfit_auc

__all__ = ["DataWarning", "check_inputs", "check_table", "crossfit_auc", "unknown_labels"]
