"""Follows a job on Redis itself: `on_redis.py redis://127.0.0.1/ JOB_ID`. Needs redis-py."""

import json
import sys

import redis


def events(url, job_id, after="0"):
    """Each event of the job, so far and live, until it has ended; `after` is the id of one that was seen."""
    client = redis.Redis.from_url(url, decode_responses=True, socket_timeout=None)
    while True:
        # Without an event for ten seconds it comes back empty, and is asked again.
        streams = client.xread({f"job_events:{job_id}": after}, block=10_000)
        for after, entry in streams[0][1] if streams else []:
            data = json.loads(entry["data"])
            yield after, data
            failed = entry["event_type"] == "task_failed" and not data["will_retry"]
            if failed or entry["event_type"] == "task_completed":
                return


if __name__ == "__main__":
    for event_id, data in events(*sys.argv[1:]):
        print(event_id, data["event_type"], json.dumps(data, ensure_ascii=False), flush=True)
