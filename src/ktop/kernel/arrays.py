"""Names of the array types that the rooms hand each other."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Booleans: TypeAlias = npt.NDArray[np.bool_]
#: Texts, or None where one is missing.
Texts: TypeAlias = npt.NDArray[np.object_]
