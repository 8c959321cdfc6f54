"""The publisher of the services that already run, method by method; see its users, `job.py` and `alternate.py`."""

import json
import logging
from datetime import datetime

logger = logging.getLogger(__name__)


def now():
    """A time without an offset, as most of its callers write it."""
    return datetime.now().isoformat()


class RedisStreamPublisher:
    def __init__(self, redis_client):
        self.redis_client = redis_client

    async def publish_event(self, job_id, event_data):
        event_payload = {
            "data": json.dumps(event_data, ensure_ascii=False),
            "timestamp": event_data.get("timestamp", ""),
            "event_type": event_data.get("event_type", "unknown"),
        }
        try:
            return await self.redis_client.xadd(f"job_events:{job_id}", event_payload)
        except Exception:
            logger.exception("publishing failed")
            raise

    async def publish_task_started(self, job_id, task_type, **kwargs):
        return await self.publish_event(
            job_id, {"event_type": "task_started", "task_type": task_type, "timestamp": now(), **kwargs}
        )

    async def publish_task_progress(self, job_id, task_type, progress, **kwargs):
        event = {"event_type": "task_progress", "task_type": task_type, "progress": progress, "timestamp": now()}
        return await self.publish_event(job_id, {**event, **kwargs})

    async def publish_task_completed(self, job_id, task_type, result, **kwargs):
        event = {"event_type": "task_completed", "task_type": task_type, "result": result, "timestamp": now()}
        return await self.publish_event(job_id, {**event, **kwargs})

    async def publish_task_failed(self, job_id, task_type, error, **kwargs):
        event = {"event_type": "task_failed", "task_type": task_type, "error": error, "timestamp": now()}
        return await self.publish_event(job_id, {**event, **kwargs})

    async def publish_outline_generated(self, job_id, outline):
        return await self.publish_event(
            job_id, {"event_type": "outline_generated", "outline": outline, "timestamp": now()}
        )

    async def publish_document_generated(self, job_id, document):
        return await self.publish_event(
            job_id, {"event_type": "document_generated", "document": document, "timestamp": now()}
        )

    async def get_stream_info(self, job_id):
        return await self.redis_client.xinfo_stream(f"job_events:{job_id}")

    async def get_stream_length(self, job_id):
        return await self.redis_client.xlen(f"job_events:{job_id}")
