from __future__ import annotations

import socket

import pytest

from app.server import Hosts

LOCAL = Hosts.of("localhost")


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8501", "LOCALHOST.:80", "127.0.0.1:8501", "[::1]:8501"]
)
def test_a_local_server_answers_to_local_names(host: str) -> None:
    assert LOCAL.allow([host], [])
    assert LOCAL.allow([host], [f"http://{host}"])


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8501", "localhost.evil.example", "127.0.0.1.evil.example",
        "10.0.0.9", "user@localhost", "localhost@evil.example", "localhost/x", "localhost?x",
        "localhost#x", "localhost:port", "localhost:99999", "", ":8501", "[::1", "0.0.0.0",
    ],
)  # fmt: skip
def test_a_local_server_answers_to_no_other_name(host: str) -> None:
    assert not LOCAL.allow([host], [])
    assert not LOCAL.allow([host], [f"http://{host}"])


def test_a_request_has_one_host() -> None:
    assert not LOCAL.allow([], [])
    assert not LOCAL.allow(["localhost", "localhost"], [])


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000", "http://localhost", "https://evil.example", "null", "", "file://",
        "http://localhost:8501.evil.example", "http://127.0.0.1:8501", "http://[",
    ],
)  # fmt: skip
def test_a_page_of_elsewhere_is_not_let_in(origin: str) -> None:
    assert LOCAL.allow(["localhost:8501"], ["http://localhost:8501"])
    assert not LOCAL.allow(["localhost:8501"], [origin])
    assert not LOCAL.allow(["localhost:8501"], ["http://localhost:8501", origin])


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "", None])
def test_a_server_for_all_answers_to_addresses_and_to_names_that_it_was_given(
    address: str | None,
) -> None:
    hosts = Hosts.of(address, ["Ranker.example"])
    for host in ("10.0.0.9:8501", "[fd00::2]", socket.gethostname(), "ranker.example"):
        assert hosts.allow([host], [f"http://{host}"])
    assert not hosts.allow(["evil.example"], [])


def test_a_server_on_one_address_answers_to_it() -> None:
    assert Hosts.of("build7").allow(["build7:8501"], [])
    assert not Hosts.of("build7").allow(["evil.example"], [])
    assert Hosts.of("127.0.0.1", ["tunnel.example"]).allow(["tunnel.example"], [])
