// What the module's types have to take, and what they have to refuse: `tsc` checks it, nobody runs it.
import { connect, is, Refused, type JobState } from "../../stream-events/client/stream-events.js";

interface Outline {
  title: string;
}
type Mine = { outline_generated: { outline: Outline } };

const jobs = connect("/events", { headers: async () => ({ authorization: "Bearer t" }) });

export async function titles(signal: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  for await (const item of jobs.watch<Mine>(["a", "b"], { after: "1-0,2-0", query: "type:*", signal })) {
    if (item.kind === "gap") found.push(`${item.count.toFixed()} ${item.why}`);
    if (item.kind !== "event") continue;
    // @ts-expect-error: an event may be beyond the calendar
    found.push(item.timestamp);
    if (is(item, "outline_generated")) found.push(item.data.outline.title);
    if (is(item, "task_failed")) found.push(item.data.error, String(item.data.will_retry));
    if (is(item, "task_progress")) found.push(item.data.percent?.toFixed(1) ?? "");
    // @ts-expect-error: no event of that type is known
    is(item, "outline_generatd");
    // @ts-expect-error: what an event holds is known where its type is, and not before
    found.push(item.data.outline.title);
  }
  return found;
}

export async function shown(id: string): Promise<string> {
  const state: JobState | null = await jobs.state(id);
  const page = await jobs.jobs({ query: "status:running", limit: 10 });
  const more = page.next === null ? [] : (await jobs.jobs({ after: page.next })).jobs;
  await jobs.publish(id, "note", { text: "seen" });
  return [state, ...page.jobs, ...more].map((job) => job?.status).join();
}

export async function again(id: string): Promise<number> {
  let events = 0;
  for await (const item of jobs.replay<Mine>(id, { speed: 10, query: "type:*" })) {
    if (item.kind === "event" && is(item, "outline_generated")) events += item.data.outline.title.length;
  }
  // @ts-expect-error: of one job, and no list of them
  jobs.replay([id]);
  // @ts-expect-error: what goes on has the speed that it has
  jobs.watch(id, { speed: 2 });
  return events;
}

export function status(error: unknown): number | undefined {
  return error instanceof Refused ? error.problem.status : undefined;
}

// @ts-expect-error: headers are named by texts
connect("/events", { headers: 7 });
