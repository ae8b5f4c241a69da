"""Forms of REDIS_URL, as error messages show them."""

from __future__ import annotations

from typing import Final

CLUSTER_FORM: Final = "redis+cluster://host:port,host:port"
SENTINEL_FORM: Final = "redis+sentinel://[user:password@]host:port,host:port/name[/db]"
