"""Follows a job on Redis itself: `on_redis.py redis://127.0.0.1/ JOB_ID`. Needs redis-py. The URL is that of the job, also
`redis+cluster://127.0.0.1:7000,127.0.0.1:7001/` and `redis+sentinel://127.0.0.1:26379,127.0.0.1:26380/NAME`."""

import json
import re
import sys
from urllib.parse import parse_qs, urlsplit

import redis
from redis.sentinel import Sentinel


def number(digits):
    return int(digits) if len(digits) < 1000 else float(digits)


def event(entry):
    """What the entry says; of one that somebody else wrote, which may be anything, what there is of it."""
    try:
        data = json.loads(entry.get("data", ""), parse_int=number)
    except (ValueError, RecursionError):
        data = None
    own = data if isinstance(data, dict) else {"data": entry.get("data")}
    return {**own, "event_type": entry.get("event_type", "unknown")}


def connected(url, **options):
    """To one server, to a cluster, of which any server tells of the others, or to the master that sentinels name."""
    if "+sentinel://" in url:
        return behind_sentinels(urlsplit(url), options)
    if "+cluster://" in url:
        return redis.RedisCluster.from_url(re.sub(r",[^/?]*", "", url.replace("+cluster", "")), **options)
    return redis.Redis.from_url(url, **options)


def behind_sentinels(url, options):
    """redis-py asks each of them for `SENTINEL MASTERS`, to which their user needs the right."""
    user, at, hosts = url.netloc.rpartition("@")
    seats = [urlsplit(f"//{host}") for host in hosts.split(",")]
    name, _, database = url.path[1:].partition("/")
    own = {key[9:]: value for key, [value] in parse_qs(url.query).items() if key.startswith("sentinel_")}
    finder = {"username": own.get("user"), "password": own.get("password")}
    server = redis.connection.parse_url(f"redis://{user}{at}any/{database}") | options
    del server["host"]
    sentinels = Sentinel([(seat.hostname, seat.port or 26379) for seat in seats], sentinel_kwargs=finder)
    return sentinels.master_for(name, **server)


def events(url, job_id, after="0"):
    """Each event of the job, so far and live, until it has ended; `after` is the id of one that was seen."""
    # Bytes that are no text are shown as such.
    options = {"decode_responses": True, "encoding_errors": "backslashreplace"}
    client = connected(url, socket_timeout=None, **options)
    while True:
        # Without an event for ten seconds it comes back empty, and is asked again.
        streams = client.xread({f"job_events:{job_id}": after}, block=10_000)
        for after, entry in streams[0][1] if streams else []:
            data = event(entry)
            yield after, data
            failed = data["event_type"] == "task_failed" and not data.get("will_retry")
            if failed or data["event_type"] == "task_completed":
                return


if __name__ == "__main__":
    # Half of a character is shown as such.
    sys.stdout.reconfigure(errors="backslashreplace")
    for event_id, data in events(*sys.argv[1:]):
        print(event_id, data["event_type"], json.dumps(data, ensure_ascii=False), flush=True)
