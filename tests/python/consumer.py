"""A consumer of the services that already run: reads a job's stream from its start and prints what it saw, as JSON."""

import asyncio
import json
import sys
from datetime import datetime

from redis.asyncio import Redis


def seen(entry_id, entry):
    """What a consumer makes of one entry. Anything that it would stumble over ends it."""
    assert all(type(value) is str for pair in entry.items() for value in pair), entry
    data = json.loads(entry["data"])
    time = datetime.fromisoformat(entry["timestamp"])
    assert datetime.fromisoformat(data["timestamp"]) == time
    line = {"id": entry_id, "fields": list(entry), "type": entry["event_type"], "seconds": time.timestamp()}
    match_type = data["event_type"]
    if match_type == "task_started":
        line["saw"] = data["task_type"]
    elif match_type == "task_progress":
        line["saw"] = [data["progress"], data["step"]]
    elif match_type == "outline_generated":
        line["saw"] = data["outline"]
    elif match_type == "document_generated":
        line["saw"] = data["document"]
    elif match_type == "task_completed":
        line["saw"] = data["result"]
    elif match_type == "task_failed":
        line["saw"] = data["error"]
    else:
        line["saw"] = data
    return line


async def main(url, stream_name):
    redis_client = Redis.from_url(url, decode_responses=True)
    after, lines = "0", []
    while streams := await redis_client.xread({stream_name: after}, count=10):
        [(_, entries)] = streams
        lines += [seen(*entry) for entry in entries]
        after = entries[-1][0]
    await redis_client.aclose()
    print(json.dumps(lines))


asyncio.run(main(*sys.argv[1:]))
