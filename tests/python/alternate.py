"""Publishes one event for each line that it reads, so that another writer of the same stream can take turns with it."""

import asyncio
import sys

from publisher import RedisStreamPublisher
from redis.asyncio import Redis


async def main(url, job_id):
    redis_client = Redis.from_url(url, decode_responses=True)
    publisher = RedisStreamPublisher(redis_client)
    for line in sys.stdin:
        print(await publisher.publish_event(job_id, {"event_type": "turn", "n": int(line)}), flush=True)
    await redis_client.aclose()


asyncio.run(main(*sys.argv[1:]))
