// A job's bar and log, live: `?job=ID`, and `&after=CURSOR` to begin behind an event. What a job says is
// only ever set as text.
import { connect, is } from "/events/stream-events.js";

const MOST_LINES = 1000;
const asked = new URLSearchParams(location.search);
const jobId = asked.get("job") ?? "";
const shown = (id) => document.getElementById(id);

function text(value) {
  return typeof value === "string" ? value : String(JSON.stringify(value));
}

/** What an event adds to what everybody sees in the columns beside it. */
function summary({ data }) {
  if (typeof data !== "object" || data === null) return text(data);
  if (data.progress !== undefined || data.error !== undefined) return text(data.progress ?? data.error);
  const common = ["event_type", "timestamp", "job_id", "task_type", "run", "seq", "worker"];
  const own = Object.entries(data).filter(([key]) => !common.includes(key));
  return own.map(([key, value]) => `${key}=${text(value)}`).join(" ");
}

function line(kind, columns) {
  const item = document.createElement("li");
  item.className = kind.replace(/[^\w-]/g, "_");
  for (const column of columns) {
    item.append(Object.assign(document.createElement("span"), { textContent: column }));
  }
  const log = shown("log");
  log.append(item);
  if (log.childElementCount > MOST_LINES) log.firstElementChild.remove();
}

function percentOf({ percent, current, total }) {
  const found = typeof percent === "number" ? percent : (100 * current) / total;
  return Number.isFinite(found) ? Math.max(0, Math.min(100, found)) : undefined;
}

function showStatus(status) {
  Object.assign(shown("status"), { textContent: status, className: status });
}

function show(event) {
  const { data } = event;
  if (is(event, "task_started") || is(event, "task_resumed")) showStatus("running");
  if (is(event, "task_progress")) {
    shown("message").textContent = text(data.progress ?? "");
    const percent = percentOf(data);
    if (percent !== undefined) shown("progress").value = percent;
  }
  if (is(event, "task_completed")) {
    showStatus("completed");
    shown("progress").value = 100;
  }
  if (is(event, "task_failed")) {
    showStatus(data.will_retry ? "retrying" : "failed");
    shown("message").textContent = text(data.error ?? "");
  }
  line(event.event_type, [event.timestamp?.slice(11, 23) ?? "", event.event_type, summary(event)]);
}

async function follow() {
  const onConnection = (what) => (shown("connection").textContent = what === "open" ? "" : what);
  const items = connect("/events").watch(jobId, { after: asked.get("after") ?? undefined, onConnection });
  for await (const item of items) {
    if (shown("log").childElementCount === 0) shown("message").textContent = "";
    if (item.kind === "event") show(item);
    if (item.kind === "gap") line("gap", ["", "gap", `${item.count || "some"} events are missing (${item.why})`]);
    if (item.kind === "end") end();
  }
}

function end() {
  shown("connection").textContent = "ended";
  // Without a value it would move on.
  if (shown("progress").position < 0) shown("progress").value = 0;
}

shown("job").textContent = jobId || "Which job?";
document.title = jobId || "Which job?";
follow().catch((error) => {
  end();
  shown("message").textContent = `${error.message}. This page is of the job that its address names: ?job=ID`;
  shown("connection").textContent = "stopped";
});
