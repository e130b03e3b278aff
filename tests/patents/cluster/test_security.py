"""A cluster keeps to its own machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from ktop.kernel.errors import InputError, UnavailableError
from ktop.patents.cluster.nodes import Node, start_node
from ktop.patents.cluster.plan import ClusterPlan
from ktop.patents.cluster.security import check_address, make_token, ray_variables


def test_a_token_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    token = tmp_path / "keys" / "token"
    make_token(token)
    made = token.read_text("ascii")
    assert len(made) == 64
    assert token.stat().st_mode & 0o777 == 0o600
    make_token(token)
    assert token.read_text("ascii") == made


def test_ray_asks_for_the_token_and_tells_its_makers_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        ray_variables(tmp_path / "token")
    assert refused.value.key == "cluster.token_missing"
    make_token(tmp_path / "token")
    told = ray_variables(tmp_path / "token")
    assert told["RAY_AUTH_MODE"] == "token"
    assert told["RAY_USAGE_STATS_ENABLED"] == "0"
    assert made_of(tmp_path / "token") not in told.values()
    (tmp_path / "token").chmod(0o640)
    with pytest.raises(InputError) as refused:
        ray_variables(tmp_path / "token")
    assert refused.value.key == "cluster.token_open"


def made_of(token: Path) -> str:
    return token.read_text("ascii")


@pytest.mark.parametrize("host", ["127.0.0.2", "10.1.2.3", "192.168.0.9", "fd00::1"])
def test_private_addresses_may_be_listened_on(host: str) -> None:
    check_address(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "8.8.8.8", "::", "example.org", ""])
def test_others_are_refused_before_anything_starts(host: str, tmp_path: Path) -> None:
    for node in (Node(host, tmp_path / "none"), Node("127.0.0.2", tmp_path / "none", head=f"{host}:6379")):
        with pytest.raises(InputError) as refused:
            start_node(node)
        assert refused.value.key == "cluster.address"


def test_a_machine_finds_its_own_node_by_itself_unless_all_are_on_it(tmp_path: Path) -> None:
    for address, node, own in (
        ("127.0.0.2:1", None, "127.0.0.2"),
        ("10.0.0.5:1", None, None),
        ("a:1", "10.0.0.6", "10.0.0.6"),
    ):
        assert ClusterPlan(address, tmp_path, node).own_node == own


def test_a_node_that_finds_no_head_is_told_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_token(tmp_path / "token")
    monkeypatch.setattr("ktop.patents.cluster.nodes.sys.executable", "false")  # ends at once, as a node refused does
    with pytest.raises(UnavailableError) as failed:
        start_node(Node("127.0.0.2", tmp_path / "token", head="127.0.0.3:1"))
    assert failed.value.key == "cluster.node_failed"
