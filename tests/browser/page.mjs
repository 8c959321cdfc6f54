// Opens a page in Chromium. For each line on its input, a condition in JavaScript, it waits until that holds in the
// page, and prints what the page shows by then, as one line of JSON.
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const installed = new URL("../../target/browser/package.json", import.meta.url);
const { chromium } = createRequire(installed)("playwright-core");

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const [url, program] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), "page-"));
const context = await chromium.launchPersistentContext(profile, { executablePath: program, args: QUIET });
const page = await context.newPage();
const said = [];
page.on("pageerror", (error) => said.push(`error: ${error.message}`));
page.on("dialog", (dialog) => (said.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
await page.goto(url);

function shown() {
  const text = (id) => document.getElementById(id).textContent;
  const lines = [...document.querySelectorAll("#log li")];
  return {
    status: text("status"),
    connection: text("connection"),
    message: text("message"),
    progress: document.getElementById("progress").value,
    lines: lines.map((line) => [...line.children].map((column) => column.textContent)),
    elements: document.querySelectorAll("body *").length,
  };
}

for await (const condition of createInterface({ input: process.stdin })) {
  await page.waitForFunction(condition, null, { timeout: 60_000 });
  console.log(JSON.stringify({ ...(await page.evaluate(shown)), said }));
}
if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true });
await context.close();
rmSync(profile, { recursive: true, force: true });
