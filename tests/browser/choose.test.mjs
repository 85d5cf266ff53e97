import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { desktop, launch, open } from "./browser.mjs";
import { Project } from "./project.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;
let project;
before(async () => {
  project = new Project("choosing");
  project.write("jobs.yaml", `version: 1
run: { poll_interval: 10ms }
references:
  dog: { type: subject, urls: ["https://images.example.com/dog.png"] }
defaults: { resolution: 360p, duration: 5 }
jobs:
  - { id: walk, prompt: "@dog walks" }
  - { id: walk-again, prompt: "@dog walks", take: 2 }
  - { id: two, prompt: "@dog runs", number_of_videos: 2 }
  - { id: one, prompt: "@dog sits" }
  - { id: broken, prompt: "@dog fail-me" }
`);
  const { status, stderr } = project.batch("run", "--simulate", "--sim-latency", "0s", "--sim-fault", "submit:fail~fail-me", "--report", "page.html");
  if (status !== 1) throw new Error(`the run ended with ${status}\n${stderr}`);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  project?.remove();
});

async function quietly(act) {
  const { page, complaints, context } = await open(browser, project.address("page.html"), desktop);
  try {
    await act(page);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

const list = async (page) => {
  await page.getByRole("button", { name: "List…" }).click();
  const text = await page.locator("#list textarea").inputValue();
  await page.locator("#with-notes").check();
  const notes = await page.locator("#list textarea").inputValue();
  await page.locator("#list .close").click();
  return [text, notes];
};

test("jobs are chosen with a note, and that is kept", () => quietly(async (page) => {
  await page.locator("#job-one").getByRole("button", { name: "Choose" }).click();
  await page.locator("#job-walk h3 a").focus();
  await page.keyboard.press("c");
  await page.keyboard.press("n");
  await page.keyboard.type("the better light");
  await page.reload();
  assert.equal(await page.locator(".job.chosen").count(), 2);
  assert.equal(await page.locator("#job-walk textarea").inputValue(), "the better light");
  assert.deepEqual(await list(page), ["walk\none", "walk\tvideo 1\tthe better light\none\tvideo 1"]);
  await page.locator("#only-chosen").check();
  assert.deepEqual(await page.locator(".job:visible h3").allTextContents(), ["walk", "one"]);
  assert.equal(await page.locator("#job-broken .pick").count(), 0, "there is nothing to choose");
}));

test("two takes are compared beside each other, and one of them is chosen", () => quietly(async (page) => {
  assert.equal(await page.locator("#job-one").getByRole("button", { name: "Compare" }).count(), 0);
  await page.locator("#job-walk h3 a").focus();
  await page.keyboard.press("x");
  const sides = () => page.locator("#compare video").evaluateAll((videos) => videos.map((video) => video.getAttribute("aria-label")));
  assert.deepEqual(await sides(), ["walk, video 1", "walk-again, video 1"]);
  await page.keyboard.press("Space");
  await page.waitForFunction(() => [...document.querySelectorAll("#compare video")].every((video) => !video.paused && video.currentTime > 0));
  await page.keyboard.press("2");
  await page.keyboard.press("1");
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run("#compare"));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), []);
  await page.keyboard.press("Escape");
  await page.locator("#job-two").getByRole("button", { name: "Compare" }).click();
  assert.deepEqual(await sides(), ["two, video 1", "two, video 2"]);
  await page.keyboard.press("2");
  await page.keyboard.press("Escape");
  assert.deepEqual(await list(page), ["walk\ntwo", "walk\tvideo 1\ntwo\tvideo 2"]);
}));

test("failed jobs leave no holes, and paper has what is shown", () => quietly(async (page) => {
  const heights = await page.locator("#jobs .job").evaluateAll((cards) => cards.map((card) => Math.round(card.querySelector(".media").getBoundingClientRect().height)));
  assert.ok(Math.max(...heights) - Math.min(...heights) < 40, heights.join(" "));
  await page.emulateMedia({ media: "print" });
  assert.ok(!await page.locator("#job-one video").isVisible() && await page.locator("#job-one .path").isVisible());
  assert.ok(!await page.locator("#tools").isVisible() && await page.locator("#job-broken .message").isVisible());
  const columns = await page.locator("#jobs .block").evaluate((block) => getComputedStyle(block).gridTemplateColumns.split(" ").length);
  assert.equal(columns, 2);
}));
