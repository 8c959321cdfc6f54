"""redis-py's asyncio client, as a publisher of job events uses it: how many a second."""

import asyncio
import json
import sys
import time
from datetime import datetime, timezone

import redis.asyncio

PORT, MODE, EVENTS, DATA = sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])
JOBS = 100


def event(n):
    """The key and the fields of one event."""
    timestamp = datetime.now(timezone.utc).isoformat()
    data = {**DATA, "timestamp": timestamp, "current": n}
    fields = {
        "data": json.dumps(data, ensure_ascii=False),
        "timestamp": timestamp,
        "event_type": "task_progress",
    }
    return f"job_events:job_{n % JOBS:012}", fields


async def awaited(client):
    for n in range(EVENTS):
        await client.xadd(*event(n), maxlen=10_000, approximate=True)


async def gathered(client, at_a_time):
    for first in range(0, EVENTS, at_a_time):
        several = range(first, min(first + at_a_time, EVENTS))
        await asyncio.gather(*(client.xadd(*event(n), maxlen=10_000, approximate=True) for n in several))


async def pipelined(client, at_a_time):
    for first in range(0, EVENTS, at_a_time):
        pipeline = client.pipeline(transaction=False)
        for n in range(first, min(first + at_a_time, EVENTS)):
            pipeline.xadd(*event(n), maxlen=10_000, approximate=True)
        await pipeline.execute()


async def main():
    client = redis.asyncio.Redis(port=int(PORT))
    await client.ping()
    begun = time.perf_counter()
    if MODE == "awaited":
        await awaited(client)
    elif MODE == "256":
        await pipelined(client, 256)
    else:
        await gathered(client, int(MODE))
    seconds = time.perf_counter() - begun
    keys = [f"job_events:job_{n:012}" for n in range(JOBS)]
    arrived = sum([await client.xlen(key) for key in keys])
    assert arrived == EVENTS, f"{arrived} of {EVENTS} arrived"
    print(f"measured rate {EVENTS / seconds}")
    await client.aclose()


asyncio.run(main())
