import assert from "node:assert/strict";
import { test } from "node:test";
import { desktop, launch, open } from "./browser.mjs";
import { many } from "./project.mjs";

const JOBS = 5000;

test(`${JOBS} jobs: loaded, searched, sorted and scrolled to the end`, async (t) => {
  const project = many(JOBS);
  const browser = await launch();
  try {
    // Time of the page's thread: what else the machine does is not the page's fault.
    let devtools;
    const { page, complaints } = await open(browser, project.address("page.html"), desktop, async (page) => {
      devtools = await page.context().newCDPSession(page);
      await devtools.send("Performance.enable");
    });
    const spent = async () => (await devtools.send("Performance.getMetrics")).metrics.find(({ name }) => name === "ThreadTime").value;
    const loaded = await spent();
    const painted = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime / 1000);
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
    const searched = await timed("search", "shot-4999", "input");
    assert.equal(await page.locator(".job:not([hidden])").count(), 1);
    await timed("search", "", "input");
    const sorted = await timed("sort", "time", "change");
    t.diagnostic(`first jobs drawn after ${painted.toFixed(1)} s; seconds of work: ${loaded.toFixed(1)} to load, ${searched.toFixed(1)} to search, ${sorted.toFixed(1)} to sort`);
    assert.ok(painted < 3, `nothing was drawn for ${painted} s`);
    assert.ok(loaded < 15, `${loaded} s of work to load it`);
    assert.ok(searched < 2 && sorted < 8, `${searched} s of work to search, ${sorted} s to sort`);

    // A browser refuses its 76th player: those out of sight must have let go of theirs.
    for (let screen = 0; screen < 60; screen += 1) {
      await page.mouse.wheel(0, 850);
      await page.waitForTimeout(60);
    }
    // Jobs that come into sight take the room that they need, so the end is further away than it looked.
    await page.waitForFunction(() => {
      scrollTo(0, document.documentElement.scrollHeight);
      return [...document.querySelectorAll("video")].at(-1).readyState >= 1;
    }, null, { polling: 200, timeout: 120_000 });
    const players = await page.locator("video").evaluateAll((videos) => videos.filter((video) => video.readyState > 0).length);
    t.diagnostic(`${players} videos are loaded at the end`);
    assert.ok(players > 0 && players < 60, `${players} videos are loaded`);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    project.remove();
  }
});
