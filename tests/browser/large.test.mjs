import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { desktop, launch, open } from "./browser.mjs";
import { many } from "./project.mjs";

const FEW = 500;
const MANY = 20_000;

// Opens a page, and measures the time of its thread: what else the machine does is not the page's fault.
async function opened(browser, project) {
  let devtools;
  const { page, complaints, context } = await open(browser, project.address("page.html"), desktop, async (page) => {
    devtools = await page.context().newCDPSession(page);
    await devtools.send("Performance.enable");
  });
  const spent = async () => (await devtools.send("Performance.getMetrics")).metrics.find(({ name }) => name === "ThreadTime").value;
  const loaded = await spent();
  const painted = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime / 1000);
  const size = statSync(join(project.folder, "page.html")).size;
  return { page, complaints, context, spent, loaded, painted, size };
}

test(`${MANY} jobs open about as quickly as ${FEW}, and are searched, sorted and scrolled to the end`, async (t) => {
  const projects = [many(FEW), many(MANY)];
  const browser = await launch();
  try {
    const few = await opened(browser, projects[0]);
    await few.context.close();
    const { page, complaints, spent, loaded, painted, size } = await opened(browser, projects[1]);
    // From a choice until it is drawn.
    const timed = async (id, value, event) => {
      const before = await spent();
      await page.evaluate(async ([id, value, event]) => {
        document.getElementById(id).value = value;
        document.getElementById(id).dispatchEvent(new Event(event));
        await new Promise((after) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(after))));
      }, [id, value, event]);
      return await spent() - before;
    };
    const searched = await timed("search", `shot-${MANY - 1}`, "input");
    assert.deepEqual(await page.locator(".job h3").allTextContents(), [`shot-${MANY - 1}`]);
    await timed("search", "", "input");
    const sorted = await timed("sort", "time", "change");
    await timed("sort", "order", "change");
    const said = (name, { size, loaded, painted }) => `${name} jobs, ${(size / 1e6).toFixed(1)} MB: ${loaded.toFixed(2)} s of work to load, first drawn after ${painted.toFixed(2)} s`;
    t.diagnostic(said(FEW, few));
    t.diagnostic(`${said(MANY, { size, loaded, painted })}, ${searched.toFixed(2)} s to search, ${sorted.toFixed(2)} s to sort`);
    assert.ok(painted < few.painted * 2 + 1, `nothing was drawn for ${painted} s`);
    assert.ok(loaded < few.loaded * 2 + 1, `${loaded} s of work to load it, ${few.loaded} s for ${FEW}`);
    assert.ok(searched < 2 && sorted < 3, `${searched} s of work to search, ${sorted} s to sort`);

    // The last job is there when it is looked at, and few are there that aren't.
    await page.keyboard.press("/");
    await page.keyboard.press("Enter");
    await page.keyboard.press("End");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), `shot-${MANY}`);
    await page.waitForFunction(() => document.activeElement.closest(".job").querySelector("video").readyState >= 1, null, { polling: 200, timeout: 120_000 });
    // A browser refuses its 76th player: those out of sight must have let go of theirs.
    for (let screen = 0; screen < 40; screen += 1) {
      await page.mouse.wheel(0, -850);
      await page.waitForTimeout(60);
    }
    const cards = await page.locator(".job").count();
    const players = await page.locator("video").evaluateAll((videos) => videos.filter((video) => video.readyState > 0).length);
    t.diagnostic(`${cards} cards are there at the end, ${players} videos are loaded`);
    assert.ok(cards < 1500, `${cards} cards`);
    assert.ok(players > 0 && players < 60, `${players} videos are loaded`);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    for (const project of projects) project.remove();
  }
});
