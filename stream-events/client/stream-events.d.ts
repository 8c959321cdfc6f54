/** Follows jobs through a stream-events router. */

export const DEFAULT_SILENCE_MS: number;
export const DEFAULT_LONGEST_PAUSE_MS: number;

/** What the router at `base`, such as `/events`, has of jobs. */
export function connect(base: string, options?: Options): Client;

/** Whether an event is of this type and an object, of which the type says what its `data` holds. */
export function is<E extends { event_type: string }, const T extends string>(
  event: E,
  type: T & KnownType<E>,
): event is Extract<E, { event_type: T }>;

type KnownType<E> = E extends { event_type: infer T extends string }
  ? string extends T
    ? never
    : T
  : never;

export interface Options {
  /** Headers of each request, such as `authorization`; a function is asked anew each time. */
  headers?: Asked<HeadersInit>;
  /** Parameters of each request's URL, such as a one-time ticket; the router has to be told of their names. */
  parameters?: () => Parameters | Promise<Parameters>;
  /** Whether cookies are sent; by default to the page's own origin. */
  credentials?: RequestCredentials;
  /** How long nothing may come before another connection is tried, in ms. */
  silenceMs?: number;
  /** The longest pause between two tries, in ms. */
  longestPauseMs?: number;
}

export interface Client {
  /** One job's state, or null where there is none that you may see. */
  state(jobId: string, options?: Call): Promise<JobState | null>;
  /** A page of jobs, newest first; `next` is where the following page begins. */
  jobs(options?: Search): Promise<{ jobs: JobState[]; next: string | null }>;
  /** A page of a job's events, oldest first. */
  events<D extends Data = {}>(
    jobId: string,
    options?: Search,
  ): Promise<{ events: JobEvent<D>[]; next: string | null }>;
  /** Appends a domain event with these fields to a job's stream, where the router takes such. */
  publish(
    jobId: string,
    eventType: string,
    fields?: Record<string, unknown>,
    options?: Call,
  ): Promise<{ id: string }>;
  /**
   * The items of one job or several, each once: events, gaps, and the end of each job. A job that does not
   * exist yet is waited for. Behind the last event of jobs that have ended there is nothing, not even an end.
   */
  watch<D extends Data = {}>(
    jobIds: string | string[],
    options?: WatchOptions,
  ): AsyncGenerator<Item<D>, void, undefined>;
  /**
   * The items of a job again, with the pauses that were between its events, as far as its newest, and its end. The
   * first comes at once, also behind `after`. It throws where there is no such job.
   */
  replay<D extends Data = {}>(
    jobId: string,
    options?: ReplayOptions,
  ): AsyncGenerator<Item<D>, void, undefined>;
}

export interface Call {
  signal?: AbortSignal;
}

export interface Search extends Call {
  /** In the query language: `status:running type:outline*`. */
  query?: string;
  /** How many at most. */
  limit?: number;
  /** The `next` of the page before. */
  after?: string;
}

export interface WatchOptions extends Call {
  /** Those events alone, in the query language, and all gaps and ends. */
  query?: string;
  /** The `cursor` of an event: what comes behind it is watched. */
  after?: string;
  /** Told of the connection; `pause` is how many ms from now it is tried again. */
  onConnection?: (what: "connecting" | "open" | "waiting", pause?: number) => void;
}

export interface ReplayOptions extends WatchOptions {
  /** How many times as fast as it was, above 0: by default 1; `Infinity` makes no pauses. */
  speed?: number;
}

/** The router refuses, and will refuse again. */
export class Refused extends Error {
  problem: Problem;
}

/** https://www.rfc-editor.org/rfc/rfc9457 */
export interface Problem {
  status: number;
  type?: string;
  title?: string;
  detail?: string;
}

export type Item<D extends Data = {}> =
  | ({ kind: "event"; cursor: string } & JobEvent<D>)
  | ({ kind: "gap" } & Gap)
  | { kind: "end"; job_id: string };

/** Events of a run that are missing before the next one. */
export interface Gap {
  job_id: string;
  /** Empty where nobody can tell. */
  run: string;
  /** The first `seq` that is missing. */
  first: number;
  /** 0 where nobody can tell. */
  count: number;
  why: "trimmed" | "dropped" | "expired" | (string & {});
}

/** One of ours, one of yours, or one that nobody here knows: `is` tells which. */
export type JobEvent<D extends Data = {}> =
  | { [T in keyof Known<D> & string]: Written & { event_type: T; data: Known<D>[T] } }[keyof Known<D> &
      string]
  | (Written & { event_type: string; data: unknown });

interface Written {
  id: string;
  job_id: string;
  /** Null where it is beyond the calendar. */
  timestamp: string | null;
}

/** What your own events hold, by their type. */
export type Data = Record<string, object>;

export type Known<D extends Data> = { [T in keyof D]: Common & D[T] } & {
  task_started: Common & Record<string, unknown>;
  task_progress: Common & Progress & Record<string, unknown>;
  task_completed: Common & { result: unknown; duration_ms?: number };
  task_failed: Common & Failure;
  task_resumed: Common;
};

export interface Common {
  event_type: string;
  timestamp: string;
  job_id: string;
  task_type: string;
  run: string;
  seq: number;
  attempt?: number;
  max_attempts?: number;
  parent_job_id?: string;
  worker?: string;
  trace_id?: string;
  span_id?: string;
}

export interface Progress {
  progress?: string;
  step?: string;
  current?: number;
  total?: number;
  percent?: number;
  rate?: number;
  eta_ms?: number;
  coalesced?: number;
  phase?: string;
  parent_phase?: string;
  elapsed_ms?: number;
}

export interface Failure {
  error: string;
  error_kind: "error" | "panic" | "cancelled" | "timeout" | "lost" | (string & {});
  will_retry: boolean;
  duration_ms?: number;
}

type Asked<T> = T | (() => T | Promise<T>);
type Parameters = Record<string, string | string[]>;

/** Where a job stands; what nothing is known of is null. Times are RFC 3339. */
export interface JobState {
  job_id: string;
  status: "unknown" | "running" | "retrying" | "completed" | "failed";
  task_type: string | null;
  run: string | null;
  attempt: number | null;
  max_attempts: number | null;
  runs: number;
  parent_job_id: string | null;
  worker: string | null;
  message: string | null;
  step: string | null;
  current: number | null;
  total: number | null;
  percent: number | null;
  rate: number | null;
  eta_ms: number | null;
  phases: Phase[];
  started: string | null;
  updated: string | null;
  ended: string | null;
  duration_ms: number | null;
  result: unknown;
  error: string | null;
  error_kind: string | null;
  will_retry: boolean;
  children: string[];
  events: number;
  missing: number;
  last_id: string;
}

/** A phase of a run. */
export interface Phase {
  number: number;
  parent: number | null;
  name: string | null;
  step: string | null;
  started: string | null;
  ended: string | null;
  current: number | null;
  total: number | null;
  percent: number | null;
  rate: number | null;
  eta_ms: number | null;
}
