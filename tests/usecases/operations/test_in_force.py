"""What is in force is shown without a secret, wherever it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from ktop.kernel.settings import Settings
from ktop.usecases.operations.in_force import settings_in_force


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ktop:s3cret@db/ktop",
        "postgresql://db/ktop?user=ktop&password=s3cret",
        "postgresql://ktop@db/ktop?sslmode=verify-full&sslpassword=s3cret",
    ],
)
def test_no_secret_is_shown(tmp_path: Path, address: str) -> None:
    settings = Settings(
        data=tmp_path,
        database_url=address,
        database_replica_url=address,
        smtp_password="s3cret",
        metrics_token="s3cret",
    )
    told = {one.variable: one for one in settings_in_force(settings)}
    assert "s3cret" not in repr(told)
    assert "@db/ktop" in (told["DATABASE_URL"].value or "") or "//db/ktop" in (told["DATABASE_URL"].value or "")
    assert told["SMTP_PASSWORD"].set and told["SMTP_PASSWORD"].value is None
