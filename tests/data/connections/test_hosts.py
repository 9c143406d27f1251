"""Which hosts may be reached, whatever they are called, and what an address may hold."""

import socket

import pytest

from data.connections import HostRules, checked, from_url
from data.connections.hosts import checked_host, resolved
from data.connections.spec import checked_link
from data.problems import DataProblem
from data.store import ConnectionInfo

SHARED = HostRules(shared=True)


def answer(monkeypatch, *addresses):
    """Names lead to these addresses, and every look-up is counted."""
    asked = []

    def getaddrinfo(host, port, *rest, **more):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "169.254.170.2", "fe80::1", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "0.0.0.0",
     "::", "224.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"],
)  # fmt: skip
@pytest.mark.parametrize("rules", [HostRules(), SHARED, HostRules(("*.example.com",))])
def test_the_machines_own_network_is_never_reached(monkeypatch, address, rules):
    answer(monkeypatch, address)
    for use in ("database", "link"):
        with pytest.raises(DataProblem) as refused:
            resolved("db.example.com", 5432, rules, use)
        assert refused.value.id == "host_refused_metadata"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_only_where_nobody_else_is(monkeypatch, address):
    answer(monkeypatch, address)
    assert resolved("localhost", 5432, HostRules(), "database") == address
    with pytest.raises(DataProblem) as refused:
        resolved("localhost", 5432, SHARED, "database")
    assert refused.value.id == "host_refused_loopback"
    assert resolved("localhost", 5432, HostRules(("localhost",), shared=True), "database") == address


def test_links_of_a_shared_farol_stay_out_of_the_private_network(monkeypatch):
    answer(monkeypatch, "10.1.2.3")
    assert resolved("db.lan", 5432, SHARED, "database") == "10.1.2.3"
    with pytest.raises(DataProblem) as refused:
        resolved("files.lan", 443, SHARED, "link")
    assert refused.value.id == "host_refused_private"
    assert resolved("files.lan", 443, HostRules(("10.0.0.0/8",), shared=True), "link") == "10.1.2.3"


def test_lists(monkeypatch):
    answer(monkeypatch, "93.184.216.34")
    rules = HostRules(("*.example.com", "93.184.0.0/16"), ("bad.example.com",))
    assert resolved("db.example.com", 1, rules, "database")
    assert resolved("by-network.test", 1, rules, "database")
    for host, why in (("bad.example.com", "denied"),):
        with pytest.raises(DataProblem) as refused:
            resolved(host, 1, rules, "database")
        assert refused.value.id == f"host_refused_{why}"
    for host in ("example.com.evil.test", "notexample.com"):
        with pytest.raises(DataProblem) as refused:
            resolved(host, 1, HostRules(("*.example.com",)), "database")
        assert refused.value.id == "host_refused_not_allowed"


def test_one_bad_address_among_good_ones_is_enough(monkeypatch):
    answer(monkeypatch, "93.184.216.34", "169.254.169.254")
    with pytest.raises(DataProblem):
        resolved("rebinding.test", 1, HostRules(), "database")


def test_a_name_is_looked_up_once(monkeypatch):
    asked = answer(monkeypatch, "93.184.216.34")
    resolved("db.example.com", 1, HostRules(), "database")
    assert asked == ["db.example.com"]


@pytest.mark.parametrize("host", ["", "/var/run/postgresql", "a,b", "a b", "me@h", "h/path", "h?x", "h%00", "\\\\h"])
def test_what_is_no_host(host):
    with pytest.raises(DataProblem) as refused:
        checked_host(host)
    assert refused.value.id == "host_bad"


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:hunter2@h/d", "postgresql://me@h/d?password=hunter2", "https://me:hunter2@h/x.csv",
     "https://h/x.csv?access_token=hunter2", "https://h/x.csv?X-Amz-Signature=hunter2&a=1", "mysql://:hunter2@h/d",
     "https://h/x.csv?api_key=hunter2", "https://h/?sig=hunter2", "postgresql://me@h/d?sslpassword=hunter2"],
)  # fmt: skip
def test_a_password_in_an_address_is_refused_and_not_repeated(url):
    with pytest.raises(DataProblem) as refused:
        checked(from_url("crm", url), HostRules())
    assert refused.value.id == "password_in_url"
    assert "hunter2" not in str(refused.value) + repr(refused.value.params)


def test_a_password_in_place_of_its_reference_is_refused_and_not_repeated():
    for secret in ("hunter2", "env:hunter2", "env:PATH", "env:FAROL_SECRET_", "file:../passwd", "file:/etc/passwd"):
        with pytest.raises(DataProblem) as refused:
            checked(ConnectionInfo("crm", "mysql", "h", None, "d", "u", secret), HostRules())
        assert refused.value.id == "secret_reference_bad"
        assert "hunter2" not in str(refused.value) + repr(refused.value.params)


def test_a_shared_farol_sends_passwords_only_to_listed_hosts():
    info = ConnectionInfo("crm", "mysql", "h.example.com", None, "d", "u", "env:FAROL_SECRET_X")
    with pytest.raises(DataProblem) as refused:
        checked(info, SHARED)
    assert refused.value.id == "secret_needs_hosts"
    assert checked(info, HostRules(("h.example.com",), shared=True)).port == 3306


def test_what_is_not_tested_is_refused():
    for url in ("oracle://me@h/d", "sqlite:////etc/passwd", "mssql+pyodbc://me@h/d", "duckdb://h/x"):
        with pytest.raises(DataProblem) as refused:
            checked(from_url("crm", url), HostRules())
        assert refused.value.id in ("connection_kind_untested", "connection_address_bad")


def test_links():
    rules = HostRules(("files.lan",))
    sheet = "https://docs.google.com/spreadsheets/d/1AbC-_x/edit?usp=sharing#gid=42"
    assert checked_link(sheet, rules) == "https://docs.google.com/spreadsheets/d/1AbC-_x/export?format=csv&gid=42"
    published = "https://docs.google.com/spreadsheets/d/e/2PACX/pub?output=csv"
    assert checked_link(published, rules) == published
    assert checked_link("http://files.lan/x.csv", rules) == "http://files.lan/x.csv"
    for url in (
        "http://example.com/x.csv",
        "ftp://h/x",
        "file:///etc/passwd",
        "https://",
        "javascript:1",
        "gopher://h",
    ):
        with pytest.raises(DataProblem) as refused:
            checked_link(url, rules)
        assert refused.value.id in ("link_not_https", "connection_address_bad")
