"""REDIS_URL: accepted forms, and errors that name the setting and no password."""

from __future__ import annotations

import pytest
from redis.exceptions import ClusterDownError, OutOfMemoryError, ReadOnlyError, ResponseError

from core.errors import ConfigurationError
from gateway.redis.connection.address import SentinelAddress, check_url, parse_sentinel_url
from gateway.redis.connection.cluster.address import ClusterAddress, parse_cluster_url
from gateway.redis.connection.outages.write_refusal import describe_refusal, may_have_moved, refusal_code


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://user:p%40ss@127.0.0.1:6380/2?socket_timeout=3",
        "rediss://cache.example.com:6380",
        "unix:///run/redis.sock?db=1",
        "unix:///srv/my data/redis.sock",
        "redis://localhost?client_name=bots&health_check_interval=30&max_connections=20",
        "redis+sentinel://one:26379,two:26380/mymaster",
        "redis+sentinel://user:p%40ss@[::1]:26379,[fe80::1%eth0]/mymaster/2?sentinel_password=a%2Fb",
        "redis+cluster://user:p%40ss@one:6379,two,[::1]:6380",
        "rediss+cluster://one?ssl_cert_reqs=none",
        "redis+cluster://one/0",
        "redis+cluster://one?db=0",
    ],
)
def test_known_forms_are_accepted(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "valkey://:hunter2@a",
        "http://x",
        "localhost:6379",
        "redis://a:1,b:2",
        "redis://:hunter2/3@host:6379",
        "redis://host:port",
        "redis://host:6379?colour=blue",
        "redis+cluster://:hunter2@a:1,b:x",
        "redis+cluster://:hunter2@",
        "redis+cluster://a?colour=blue",
        "redis+sentinel://:hunter2@a:1,b:2",
        "redis+sentinel://a:x/mymaster",
        "redis+sentinel://:hunter2@/mymaster",
        "redis+sentinel://a/mymaster/first",
        "redis+sentinel://a/mymaster?colour=blue",
        "rediss+sentinel://a/mymaster?ssl_colour=blue",
        "redis+sentinel://a/mymaster?ssl_ca_certs=/ca.pem",
        "redis+cluster://a?ssl_ca_certs=/ca.pem",
        "redis+cluster://a:99999",
        "redis+cluster://a:0",
        "redis+cluster://[::1",
        "redis+sentinel://a:99999/primary",
        "redis+sentinel://a:-1/primary",
        "redis+sentinel://::1/primary",
        "redis+sentinel://a b:1/primary",
        "rediss://a?ssl_ca_certs=/nowhere/ca.pem",
        f"rediss://a?ssl_ca_certs={__file__}",
        "rediss+sentinel://a/mymaster?ssl_certfile=/nowhere/chain.pem",
        "rediss+cluster://a?ssl_keyfile=/nowhere/key.pem",
        "redis://[::1:6379",
        "redis://:hunter2@",
        "redis://:hunter2@:6379/1",
        "redis://",
        "unix://",
        " redis://localhost",
        "'redis://localhost'",
        "redis://localhost?decode_responses=true",
        "redis://:hunter2@localhost?encoding=latin-1",
        "redis://localhost?legacy_responses=no",
        "redis://localhost?retry_on_timeout=yes",
        "redis://localhost?timeout=3",
        "redis+cluster://:hunter2@localhost?decode_responses=true",
        "redis://localhost?socket_timeout=0",
        "redis://localhost?socket_timeout=nan",
        "redis+cluster://localhost?socket_connect_timeout=-1",
        "redis://local host",
        "redis+sentinel://a/my\nmaster",
        "redis://:hunter2@localhost\n",
    ],
)
def test_any_other_is_an_error_that_names_the_setting(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^REDIS_URL: ") as error:
        check_url(url)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis+cluster://:hunter2@a,b/2",
        "redis+cluster://:hunter2@a,b/staging",
        "redis+cluster://:hunter2@a?db=1",
        "rediss+cluster://:hunter2@a/?ssl_cert_reqs=none&db=1",
        "redis+cluster://:hunter2@a/0?db=1",
    ],
)
def test_a_cluster_has_only_database_0(url: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_cluster_url(url)
    assert str(error.value) == "REDIS_URL: a cluster has only database 0; leave out the database"


def test_all_parts_of_a_sentinel_url_are_read() -> None:
    query = "sentinel_password=s&ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=false"
    url = f"rediss+sentinel://app:p%40ss@one,[::1]:26380/my%20master/3?{query}"
    tls = {"ssl_ca_certs": "/etc/ca.pem", "ssl_check_hostname": False}

    assert parse_sentinel_url(url) == SentinelAddress(
        (("one", 26379), ("::1", 26380)),
        "my master",
        {"db": 3, "username": "app", "password": "p@ss", **tls},
        {"password": "s", **tls},
        is_secure=True,
    )


@pytest.mark.parametrize("slash", ["", "/"])
def test_all_parts_of_a_cluster_url_are_read(slash: str) -> None:
    url = f"rediss+cluster://app:p%40ss@one,[::1]:6380{slash}?ssl_ca_certs=/etc/ca.pem"

    assert parse_cluster_url(url) == ClusterAddress(
        (("one", 6379), ("::1", 6380)),
        {"username": "app", "password": "p@ss", "ssl_ca_certs": "/etc/ca.pem"},
        is_secure=True,
    )


@pytest.mark.parametrize(
    ("error", "code", "moved"),
    [
        (OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), "OOM", False),
        (ReadOnlyError("You can't write against a read only replica."), "READONLY", True),
        (
            ResponseError(  # Redis 6.2
                "Error running script (call to f_1): @user_script:1: @user_script: 1: "
                "-READONLY You can't write against a read only replica."
            ),
            "READONLY",
            True,
        ),
        (ResponseError("NOREPLICAS Not enough good replicas to write."), "NOREPLICAS", True),
        (ResponseError("MISCONF Errors writing to the AOF file: No space left on device"), "MISCONF", False),
        (ResponseError("wrong number of arguments"), "", False),
        (ClusterDownError("The cluster is down"), "", True),
        (OSError("-READONLY"), "", False),
    ],
)
def test_refused_writes_are_recognized(error: Exception, code: str, moved: bool) -> None:
    assert (refusal_code(error), may_have_moved(error)) == (code, moved)
    assert bool(describe_refusal(error)) == bool(code)
