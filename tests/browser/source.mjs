// An `EventSource` of Chromium's own: `source.mjs PAGE PROGRAM`. For each line on its input, a URL in JSON, it opens one, and
// once that is closed for good prints what it was told, and what it was answered each time, as one line of JSON.
import { createInterface } from "node:readline";
import { opened } from "./chromium.mjs";

const NAMES = ["task_started", "row", "task_completed", "gap", "end", "bye"];
const [url, program] = process.argv.slice(2);
let answers = [];
const { page, close } = await opened(program, url, (page) =>
  page.on("response", (response) => answers.push(response.status())),
);

function told([url, names]) {
  const told = [];
  return new Promise((resolve) => {
    const source = new EventSource(url);
    for (const name of names) source.addEventListener(name, ({ type }) => told.push(type));
    source.onerror = () => source.readyState === EventSource.CLOSED && resolve(told);
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  answers = [];
  const events = await page.evaluate(told, [JSON.parse(line), NAMES]);
  console.log(JSON.stringify({ events, answers }));
}
await close();
