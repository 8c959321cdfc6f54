/**
 * Follows jobs through a stream-events router: what has happened, then what happens, through lost
 * connections, to their end. Without dependencies, for browsers and for Node 18 or later; its types
 * stand in `stream-events.d.ts`.
 */

/** How long nothing may come, not even a sign of life, before another connection is tried. */
export const DEFAULT_SILENCE_MS = 45_000;
/** The longest pause between two tries. */
export const DEFAULT_LONGEST_PAUSE_MS = 30_000;

/** What the router at `base`, such as `/events`, has of jobs. */
export function connect(base, options = {}) {
  return new Client(base, options);
}

/** Whether an event is of this type and an object, of which the type says what its `data` holds. */
export function is(event, type) {
  return event.event_type === type && typeof event.data === "object" && event.data !== null;
}

/** The router refuses, and will refuse again: its problem (RFC 9457) says why. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title ?? `the router answers ${problem.status}`);
    this.name = "Refused";
    this.problem = problem;
  }
}

class Client {
  #base;
  #options;

  constructor(base, options) {
    this.#base = base.replace(/\/+$/, "");
    this.#options = options;
  }

  /** One job's state, or null where there is none that you may see. */
  async state(jobId, { signal } = {}) {
    const response = await this.#ask(`/jobs/${named(jobId)}`, {}, { signal });
    const kind = response.headers.get("content-type") ?? "";
    // Another 404 is not the router's: then there is none at this base.
    if (response.status === 404 && kind.startsWith("application/problem+json")) return null;
    return (await accepted(response)).json();
  }

  /** A page of jobs, newest first; `next` is where the following page begins. */
  async jobs({ query, limit, after, signal } = {}) {
    const response = await this.#ask("/jobs", { q: query, limit, after }, { signal });
    return (await accepted(response)).json();
  }

  /** A page of a job's events, oldest first. */
  async events(jobId, { query, limit, after, signal } = {}) {
    const path = `/jobs/${named(jobId)}/events`;
    const response = await this.#ask(path, { q: query, limit, after }, { signal });
    return (await accepted(response)).json();
  }

  /** Appends a domain event to a job's stream. */
  async publish(jobId, eventType, fields = {}, { signal } = {}) {
    const body = JSON.stringify({ ...fields, event_type: eventType });
    const headers = { "content-type": "application/json" };
    const path = `/jobs/${named(jobId)}/events`;
    const response = await this.#ask(path, {}, { signal, method: "POST", body, headers });
    return (await accepted(response)).json();
  }

  /**
   * The items of one job or several, each once: events, gaps, and the end of each job. It ends with
   * the last of them, or by `signal`; it throws where the router refuses.
   */
  watch(jobIds, options) {
    const jobs = [jobIds].flat();
    const [name, ...others] = jobs.map(named);
    if (others.length > 0) return this.#follow(jobs, "/stream", { job_id: jobs }, options);
    return this.#follow(jobs, `/jobs/${name}/stream`, {}, options);
  }

  /** A job's items again, with the pauses that were between its events, `speed` times as fast. */
  replay(jobId, { speed, ...options } = {}) {
    return this.#follow([jobId], `/jobs/${named(jobId)}/replay`, { speed }, options);
  }

  async *#follow(jobs, path, what, { query, after, signal, onConnection = () => {} } = {}) {
    const place = new Place(jobs, after);
    const pauses = new Pauses(this.#options.longestPauseMs ?? DEFAULT_LONGEST_PAUSE_MS);
    while (!signal?.aborted) {
      const attempt = new AbortController();
      const stop = () => attempt.abort();
      signal?.addEventListener("abort", stop);
      try {
        onConnection("connecting");
        const asked = { ...what, q: query, after: place.resumed() };
        const how = { signal: attempt.signal, headers: { accept: "text/event-stream" } };
        const opening = this.#ask(path, asked, how).then(accepted);
        const response = await within(this.#silence(), opening);
        if (response.status === 204) return;
        onConnection("open");
        for await (const frame of this.#frames(response)) {
          if (frame.retry !== undefined) pauses.first = frame.retry;
          if (frame.event === "bye") break;
          for (const item of place.take(frame)) {
            pauses.reset();
            yield item;
          }
          if (place.isOver()) return;
        }
      } catch (error) {
        if (signal?.aborted) return;
        if (error instanceof Refused && !isPassing(error.problem.status)) throw error;
        pauses.least = error.retryAfterMs ?? 0;
      } finally {
        signal?.removeEventListener("abort", stop);
        stop();
      }
      const pause = pauses.next();
      onConnection("waiting", pause);
      await sleep(pause, signal);
    }
  }

  /** Frames as they come; an error where nothing comes any more. */
  async *#frames(response) {
    const reader = response.body.getReader();
    const parser = new Frames();
    for (;;) {
      const { value, done } = await within(this.#silence(), reader.read());
      if (done) return;
      yield* parser.push(value);
    }
  }

  #silence() {
    return this.#options.silenceMs ?? DEFAULT_SILENCE_MS;
  }

  async #ask(path, parameters, { headers, ...init }) {
    const url = new URL(this.#base + path, globalThis.location?.href);
    const more = await this.#options.parameters?.();
    for (const [name, value] of Object.entries({ ...parameters, ...more })) {
      for (const one of [value].flat()) if (one != null) url.searchParams.append(name, one);
    }
    const own = await valueOf(this.#options.headers);
    const all = new Headers(own);
    for (const [name, value] of Object.entries(headers ?? {})) all.set(name, value);
    const credentials = this.#options.credentials ?? "same-origin";
    return fetch(url, { ...init, headers: all, credentials, cache: "no-store" });
  }
}

/** A job's id in a path. One that is `undefined` would be waited for without end. */
function named(jobId) {
  if (typeof jobId === "string" && jobId !== "") return encodeURIComponent(jobId);
  throw new TypeError(`a job id is a text such as "job_001", and this is ${JSON.stringify(jobId)}`);
}

/** How far a watch has come. A gap is held until what is behind it is there, so that it comes once. */
class Place {
  #open;
  #held = [];

  constructor(jobs, after) {
    this.#open = new Set(jobs);
    this.cursor = Array.isArray(after) ? after.join(",") : after;
  }

  /** Where to go on: a gap that nothing came behind is named again from there. */
  resumed() {
    this.#held = [];
    return this.cursor;
  }

  isOver() {
    return this.#open.size === 0;
  }

  take({ id, event, data }) {
    if (data === "") return [];
    const what = JSON.parse(data);
    if (event === "error") throw new Refused(what);
    if (event === "gap" && id === undefined) {
      this.#held.push({ kind: "gap", ...what });
      return [];
    }
    if (event === "end" && id === undefined) {
      const isNews = this.#open.delete(what.job_id);
      return isNews ? this.#released({ kind: "end", ...what }) : [];
    }
    if (id === undefined) return [];
    this.cursor = id;
    return this.#released({ kind: "event", cursor: id, ...what });
  }

  #released(item) {
    const isBehind = (gap) => gap.job_id === item.job_id;
    const gaps = this.#held.filter(isBehind);
    this.#held = this.#held.filter((gap) => !isBehind(gap));
    return [...gaps, item];
  }
}

/** Frames of an event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
class Frames {
  #decoder = new TextDecoder();
  #text = "";
  #frame = { event: "message", data: "" };

  *push(bytes) {
    this.#text += this.#decoder.decode(bytes, { stream: true });
    // A CR at the end may be half of a line's end.
    const lines = this.#text.split(/\r\n|\n|\r(?!$)/);
    this.#text = lines.pop();
    for (const line of lines) {
      if (line !== "") this.#field(line);
      else yield this.#taken();
    }
  }

  #field(line) {
    const colon = line.indexOf(":");
    // A comment: a sign of life.
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#frame.data += this.#frame.data === "" ? value : `\n${value}`;
    else if (name === "event") this.#frame.event = value;
    else if (name === "id") this.#frame.id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.#frame.retry = Number(value);
  }

  #taken() {
    const frame = this.#frame;
    this.#frame = { event: "message", data: "" };
    return frame;
  }
}

/** Pauses between tries: twice as long each time, and never the same for all (full jitter). */
class Pauses {
  first = 1000;
  least = 0;
  #tries = 0;

  constructor(longest) {
    this.longest = longest;
  }

  reset() {
    this.#tries = 0;
  }

  next() {
    const most = Math.min(this.longest, this.first * 2 ** Math.min(this.#tries, 16));
    this.#tries += 1;
    const pause = Math.max(this.least, Math.random() * most);
    this.least = 0;
    return pause;
  }
}

/** The answer, unless it is a refusal. */
async function accepted(response) {
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  const error = new Refused({ ...said, status: response.status });
  const seconds = Number(response.headers.get("retry-after"));
  error.retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : 0;
  throw error;
}

function isPassing(status) {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

async function valueOf(given) {
  return typeof given === "function" ? given() : given;
}

async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function sleep(ms, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
