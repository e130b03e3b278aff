"""The one exception family: every error a user can cause carries a catalogue key, its values and an HTTP status."""

from __future__ import annotations

from typing import Any


class KtopError(Exception):
    """An error told to the user as one sentence from the catalogue, in the user's language.

    Parameters
    ----------
    key : str
        Key of the sentence in ``catalogue/messages`` (for example ``"values.business_number_check_digit"``).
        Every key must exist in Korean and English; a test looks all of them up.
    **params :
        Values named in the sentence. Never secrets or whole uploads.

    ``str(error)`` gives only the key and the parameters, for logs; ``ktop.catalogue.message(error, lang)`` gives the
    user's sentence.
    """

    http_status = 500
    exit_status = 1

    def __init__(self, key: str, **params: Any) -> None:
        super().__init__(key, params)
        self.key = key
        self.params = params

    def __str__(self) -> str:
        return f"{self.key} {self.params}" if self.params else self.key

    def __reduce__(self) -> tuple[Any, ...]:
        return _told_again, (type(self), self.args, vars(self))  # by another process


def _told_again(kind: type[KtopError], args: tuple[Any, ...], attributes: dict[str, Any]) -> KtopError:
    error = kind.__new__(kind, *args)
    vars(error).update(attributes)
    return error


class InputError(KtopError):
    """What the user gave cannot be used: says what is wrong, where, and what to do."""

    http_status = 422


class TooLargeError(InputError):
    """An upload or text over its size limit; refused before it is parsed."""

    http_status = 413


class NotFoundError(KtopError):
    """A record, file, model or corpus that does not exist (or that this user may not know of)."""

    http_status = 404


class SignInError(KtopError):
    """Nobody is signed in, or the proof of who somebody is does not hold."""

    http_status = 401


class ForbiddenError(KtopError):
    """Somebody known who may not do this."""

    http_status = 403


class ConflictError(KtopError):
    """What is asked for does not go together with what is there already."""

    http_status = 409


class ChangedError(KtopError):
    """What was to be changed has been changed by somebody else since it was read."""

    http_status = 412


class TooManyRequestsError(KtopError):
    """More requests than one may make in this time; the next may come after ``retry_after_seconds``."""

    http_status = 429

    def __init__(self, key: str, *, retry_after_seconds: int, **params: Any) -> None:
        super().__init__(key, seconds=retry_after_seconds, **params)
        self.retry_after_seconds = retry_after_seconds


class PreconditionNeededError(KtopError):
    """A change that must say which version it changes, and does not."""

    http_status = 428


class UnavailableError(KtopError):
    """Something needed is missing on this machine or not ready yet (an index being built, a training package)."""

    http_status = 503


class BusyError(UnavailableError):
    """Too much is being worked on: this request is turned away and may come again after ``retry_after_seconds``."""

    def __init__(self, key: str, *, retry_after_seconds: int, **params: Any) -> None:
        super().__init__(key, **params)
        self.retry_after_seconds = retry_after_seconds
