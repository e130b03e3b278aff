"""Puts the house together: the only reader of settings, and where the command line begins."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict

from ktop import cli
from ktop.cli.state import Session
from ktop.kernel.settings import Settings


class _Environment(Settings, BaseSettings):
    """The settings as the environment gives them (``KTOP_…``)."""

    model_config = SettingsConfigDict(env_prefix="KTOP_", extra="ignore", frozen=True)


def read_settings() -> Settings:
    """Return the settings of this process, from its environment."""
    return Settings(**_Environment().model_dump())


def main() -> None:
    """Run the command line; a user's error becomes one sentence on stderr and exit status 1."""
    cli.main(Session(read_settings()))
