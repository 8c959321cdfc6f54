"""One job as a Python service runs it, with events that only Python writes; prints what Redis says of its stream, as JSON."""

import asyncio
import json
import sys

from publisher import RedisStreamPublisher
from redis.asyncio import Redis

OUTLINE = {"title": "量子计算", "nodes": [{"title": "引言 \U0001f600"}]}
DOCUMENT = {"title": "量子计算", "content": "# 引言\n\x1b[31m", "word_count": 10**25}


async def main(url, job_id):
    redis_client = Redis.from_url(url, decode_responses=True)
    publisher = RedisStreamPublisher(redis_client)
    task = (job_id, "outline_generation")
    await publisher.publish_task_started(*task, task_prompt="写一份大纲")
    await publisher.publish_task_progress(*task, "正在分析需求", step="analysis")
    await publisher.publish_outline_generated(job_id, OUTLINE)
    await publisher.publish_document_generated(job_id, DOCUMENT)
    # What callers have been seen to publish: no time, no type, numbers that JSON does not have, half a character, no UTC.
    await publisher.publish_event(job_id, {"event_type": "no_time"})
    await publisher.publish_event(job_id, {"timestamp": "2025-11-24T20:23:45"})
    await publisher.publish_event(job_id, {"event_type": "numbers", "loss": float("nan"), "most": float("inf")})
    await publisher.publish_event(job_id, {"event_type": "offset", "timestamp": "2025-11-25T04:23:45.5+08:00"})
    await publisher.publish_event(job_id, {"event_type": "epoch", "timestamp": 1764015825.25})
    half = {"event_type": "half", "text": "\ud83d"}
    await redis_client.xadd(f"job_events:{job_id}", {"data": json.dumps(half), "event_type": "half"})
    await redis_client.xadd(f"job_events:{job_id}", {"data": b"\xff{", "extra": "1"})
    await publisher.publish_task_failed(*task, "第一次失败", will_retry=True)
    await publisher.publish_task_completed(*task, {"ok": True}, duration="30s")

    info = await publisher.get_stream_info(job_id)
    length = await publisher.get_stream_length(job_id)
    await redis_client.aclose()
    print(json.dumps({"length": length, "last": info["last-generated-id"]}))


asyncio.run(main(*sys.argv[1:]))
