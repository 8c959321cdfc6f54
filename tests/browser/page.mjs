// Opens a page in Chromium. For each line on its input, such as `{"status":"failed","lines":7}`, it waits until the page
// shows that, and prints all that it shows by then, as one line of JSON. The page's policy lets no script look from within.
import { createInterface } from "node:readline";
import { opened } from "./chromium.mjs";

const [url, program] = process.argv.slice(2);
const said = [];
const { page, close } = await opened(program, url, (page) => {
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => (said.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
});

/** All of it, or, for looks that come often, of its lines how many there are. */
function shown(whole) {
  const text = (id) => document.getElementById(id).textContent;
  const lines = [...document.querySelectorAll("#log li")];
  return {
    status: text("status"),
    connection: text("connection"),
    message: text("message"),
    progress: document.getElementById("progress").value,
    position: document.getElementById("progress").position,
    lines: whole ? lines.map((line) => [...line.children].map((column) => column.textContent)) : lines.length,
    elements: document.querySelectorAll("body *").length,
  };
}

/** What the page shows once it is as wanted. */
async function as(wanted) {
  const until = Date.now() + 60_000;
  for (;;) {
    const now = await page.evaluate(shown, false);
    if (Object.entries(wanted).every(([key, value]) => now[key] === value)) return page.evaluate(shown, true);
    if (Date.now() > until) throw new Error(`it never showed ${JSON.stringify(wanted)}: ${JSON.stringify(now)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

for await (const wanted of createInterface({ input: process.stdin })) {
  const seen = { ...(await as(JSON.parse(wanted))), said };
  // Half of a surrogate pair is shown, and is no JSON for everybody.
  console.log(JSON.stringify(seen, (_, value) => value.toWellFormed?.() ?? value));
}
if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true });
await close();
