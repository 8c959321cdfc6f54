// Chromium, with a profile that nobody else has: `opened(PROGRAM, URL)`.
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

/** A page of this URL, and what ends it. */
export async function opened(program, url, prepare = () => {}) {
  const profile = mkdtempSync(join(tmpdir(), "page-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: program, args: QUIET });
  const page = await context.newPage();
  prepare(page);
  await page.goto(url);
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { page, close };
}
