// One call of the module, as Node runs it: `ask.mjs BASE METHOD ARGUMENTS`, which are an array in JSON; prints what it
// answers, of a watch or a replay all items, or throws, as one line of JSON.
import { connect } from "../../stream-events/client/stream-events.js";

const [base, method, given] = process.argv.slice(2);

async function answer() {
  const answered = connect(base)[method](...JSON.parse(given));
  if (method !== "watch" && method !== "replay") return answered;
  const items = [];
  for await (const item of answered) items.push(item);
  return items;
}

const said = await answer().then(
  (answer) => ({ answer }),
  (error) => ({ error: error.name, why: error.message }),
);
console.log(JSON.stringify(said));
process.exit();
