// Follows jobs by the module, as Node runs it: `follow.mjs BASE JOB...`; each item is a line of JSON.
import { connect } from "../../stream-events/client/stream-events.js";

process.stdin.on("end", () => process.exit()).resume();
const [base, ...jobs] = process.argv.slice(2);
const onConnection = (what) => console.log(JSON.stringify({ kind: "connection", what }));
try {
  const items = connect(base, { silenceMs: 2000 }).watch(jobs, { onConnection });
  for await (const item of items) console.log(JSON.stringify(item));
  console.log(JSON.stringify({ kind: "over" }));
} catch (error) {
  console.log(JSON.stringify({ kind: "refused", status: error.problem?.status, why: error.message }));
}
process.exit();
