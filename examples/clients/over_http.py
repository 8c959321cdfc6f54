"""Follows a job over HTTP: `over_http.py http://127.0.0.1:3000/events JOB_ID [TOKEN]`. Needs httpx-sse."""

import json
import sys
import time

import httpx
from httpx_sse import connect_sse

PASSING = (408, 425, 429, 500, 502, 503, 504)


def number(digits):
    return int(digits) if len(digits) < 1000 else float(digits)


def events(base, job_id, token=None, after=None):
    """Each event of the job, so far and live, until it has ended, through lost connections."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # The server says something every 15 s: where it does not, the connection is of no use any more.
    with httpx.Client(headers=headers, timeout=httpx.Timeout(10, read=45)) as client:
        while True:
            try:
                parameters = {"after": after} if after else {}
                stream = connect_sse(client, "GET", f"{base}/jobs/{job_id}/stream", params=parameters)
                with stream as source:
                    if source.response.status_code == 204:
                        return
                    if source.response.status_code in PASSING:
                        raise httpx.TransportError(f"the server answers {source.response.status_code}")
                    source.response.raise_for_status()
                    for frame in source.iter_sse():
                        if frame.event == "end":
                            return
                        event = json.loads(frame.data, parse_int=number) if frame.data else {}
                        if "event_type" in event:
                            after = frame.id
                            yield event
            except httpx.TransportError as error:
                print(f"tries again after: {error}", file=sys.stderr)
            time.sleep(1)


if __name__ == "__main__":
    # Half of a character is shown as such.
    sys.stdout.reconfigure(errors="backslashreplace")
    for event in events(*sys.argv[1:]):
        print(event["id"], event["event_type"], json.dumps(event["data"], ensure_ascii=False), flush=True)
