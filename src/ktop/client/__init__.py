"""A typed client of the API for programs in Python; it needs httpx and nothing else of K-TOP, so it can be copied.

with Client("https://ktop.example", key) as ktop:
    rated = ktop.ratings.rate_company({"record": record})
    for result in ktop.ratings.all_ratings(kind="company"):
        print(result["name"], result["figures"])
"""

from ktop.client.asking import (
    ApiError,
    ChangedError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    NotSignedInError,
    RefusedError,
    ServerFailedError,
    TooManyRequestsError,
    UnreachableError,
)
from ktop.client.operations import Client

__all__ = [
    "ApiError",
    "ChangedError",
    "Client",
    "ConflictError",
    "ForbiddenError",
    "NotFoundError",
    "NotSignedInError",
    "RefusedError",
    "ServerFailedError",
    "TooManyRequestsError",
    "UnreachableError",
]
