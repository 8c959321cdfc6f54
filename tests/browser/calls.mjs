// What the module asks beside following, as Node runs it: `calls.mjs BASE TOKEN JOB`; what comes of each is a line of JSON.
import { connect } from "../../stream-events/client/stream-events.js";

const [base, token, job] = process.argv.slice(2);
const client = connect(base, { headers: async () => ({ authorization: `Bearer ${token}` }) });
const calls = [
  () => client.state(job),
  () => client.publish(job, "note", { text: "<b>", event_type: "task_completed" }),
  () => client.publish(job, "task_completed"),
  () => client.events(job, { query: "type:note", limit: 1 }),
  () => client.state(job),
  () => client.state("bob.1"),
  () => client.jobs({ query: "status:" }),
];
for (const call of calls) {
  const outcome = await call().catch(({ problem, message }) => ({ refused: problem?.status, message }));
  console.log(JSON.stringify(outcome));
}
process.exit();
