import assert from "node:assert/strict";
import { createReadStream, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { desktop, launch, open, phone } from "./browser.mjs";
import { everything, hostile } from "./project.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;
let project;
before(async () => {
  project = everything();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  project?.remove();
});

// Opens the page, and holds it to silence: no complaint, and no request for anything but files.
async function quietly(options, act, address = project.address("page.html")) {
  const { page, complaints, requests, context } = await open(browser, address, options);
  try {
    await act(page, context);
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests.filter((url) => !url.startsWith("file:") && !url.startsWith("data:")), []);
  } finally {
    await context.close();
  }
}

const visible = (page) => page.locator(".job:visible h3").allTextContents();
const jobs = ["park-walk", "close-up", "beach-run", "moderated", "refused", "broken", "lost", "caption", "evening", "four-takes", "late"];

test("a video plays, from a folder whose name needs escapes", () => quietly(desktop, async (page) => {
  const video = page.locator("#job-park-walk video");
  const played = await video.evaluate(async (video) => {
    video.muted = true;
    await video.play();
    await new Promise((after) => video.addEventListener("timeupdate", () => video.currentTime > 0.2 && after()));
    return { ready: video.readyState, width: video.videoWidth, height: video.videoHeight, length: video.duration };
  });
  assert.ok(played.ready >= 2, JSON.stringify(played));
  assert.deepEqual([played.width, played.height, played.length], [1280, 720, 5]);
}));

test("every video stands in the page, and is loaded when it is seen", () => quietly(desktop, async (page) => {
  const videos = page.locator("video[controls][src^='./out/']");
  assert.equal(await videos.count(), 10);
  const last = videos.last();
  assert.equal(await last.getAttribute("preload"), "none");
  assert.equal(await last.evaluate((video) => video.readyState), 0);
  await last.scrollIntoViewIfNeeded();
  await page.waitForFunction(() => [...document.querySelectorAll("main video")].at(-1).readyState >= 1);
}));

test("local images are shown, and remote ones are links", () => quietly(desktop, async (page) => {
  await page.locator("#job-caption").scrollIntoViewIfNeeded();
  const image = page.locator("#job-park-walk img").first();
  await page.waitForFunction(() => document.querySelector("#job-park-walk img").naturalWidth > 0);
  assert.equal(await image.getAttribute("src"), "./refs/person.png");
  assert.equal(await page.locator("#job-beach-run a.remote").getAttribute("href"), "https://images.example.com/places/beach.jpg");
  assert.deepEqual(await page.locator("#job-park-walk mark").allTextContents(), ["@person", "@dog", "@grass"]);
}));

test("statuses filter", () => quietly(desktop, async (page) => {
  assert.deepEqual(await visible(page), [...jobs, "close-up"]);
  for (const [status, expected] of [["failed", ["moderated", "broken"]], ["refused", ["refused"]], ["uncertain", ["lost"]], ["new", ["evening"]], ["submitted", ["late"]]]) {
    await page.locator(`input[value=${status}]`).check();
    assert.deepEqual(await visible(page), expected, status);
    assert.match(await page.locator("#shown").textContent(), new RegExp(`^${expected.length} of 12 shown$`));
  }
  await page.locator("input[value='']").check();
  assert.match(await page.locator(".statuses").textContent(), /^StatusAll 11/);
  assert.equal((await visible(page)).length, 12);
}));

test("words search ids, prompts and references", () => quietly(desktop, async (page) => {
  for (const [words, expected] of [["FENCE", ["broken"]], ["beach.jpg", ["beach-run"]], ["小狗", ["caption"]], ["grass four", ["four-takes"]], ["<b>", ["caption"]], ["spring hero", ["evening"]], ["nothing at all", []]]) {
    await page.locator("#search").fill(words);
    // The page looks at the words when it draws next, and this is asked for behind it.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)));
    assert.deepEqual(await visible(page), expected, words);
    assert.match(await page.locator("#shown").textContent(), new RegExp(`^${expected.length} of 12 shown$`));
  }
  assert.ok(await page.getByText("No job matches.").isVisible());
  await page.getByRole("button", { name: "Show all jobs" }).click();
  assert.deepEqual(await visible(page), [...jobs, "close-up"]);
}));

test("jobs are sorted by what they have", () => quietly(desktop, async (page) => {
  const by = async (order) => {
    await page.locator("#sort").selectOption(order);
    return (await visible(page)).slice(0, jobs.length);
  };
  assert.deepEqual(await by("id"), [...jobs].sort());
  assert.equal((await by("length"))[0], "beach-run");
  assert.deepEqual((await by("cost")).slice(0, 2), ["beach-run", "four-takes"]);
  for (const [order, name] of [["time", "time"], ["took", "took"]]) {
    await by(order);
    const values = await page.locator("#jobs .job").evaluateAll((cards, name) => cards.map((card) => Number(card.dataset[name] ?? -1)), name);
    assert.deepEqual(values, [...values].sort((a, b) => b - a), order);
  }
  assert.deepEqual(await by("order"), jobs);
}));

test("the keyboard is enough", () => quietly(desktop, async (page) => {
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "search");
  await page.keyboard.type("dog");
  await page.waitForFunction(() => document.querySelector("#shown").textContent !== "");
  await page.keyboard.press("Escape");
  assert.equal((await visible(page)).length, 12);
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "park-walk");
  await page.keyboard.press("ArrowRight");
  assert.equal(await focused(), "close-up");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), "refused", "three in a row");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await focused(), "park-walk");
  await page.keyboard.press("Space");
  await page.waitForFunction(() => !document.querySelector("#job-park-walk video").paused);
  await page.keyboard.press("Space");
  await page.waitForFunction(() => document.querySelector("#job-park-walk video").paused);
  await page.keyboard.press("End");
  assert.equal(await focused(), "close-up");
  // Statuses are one stop, and its arrows choose.
  await page.keyboard.press("/");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowRight");
  assert.deepEqual(await visible(page), ["evening"]);
}));

test("a link to a job leads there, filtered out or not", () => quietly(desktop, async (page) => {
  await page.locator("#search").fill("fence");
  await page.waitForFunction(() => document.querySelector("#shown").textContent.startsWith("1 of"));
  await page.locator(".attention").getByRole("link", { name: "lost" }).click();
  await page.waitForFunction(() => document.querySelector("#job-lost").checkVisibility());
  await page.waitForFunction(() => {
    const { top } = document.querySelector("#job-lost").getBoundingClientRect();
    return top >= 0 && top < innerHeight;
  });
}));

test("the theme is the system's until one is chosen, and the choice is kept", () => quietly({ ...desktop, colorScheme: "dark" }, async (page) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await paper();
  await page.getByRole("button", { name: "Light theme" }).click();
  const light = await paper();
  assert.notEqual(light, dark);
  await page.reload();
  assert.equal(await paper(), light);
}));

for (const colorScheme of ["light", "dark"]) {
  for (const [name, size] of Object.entries({ desktop, phone })) {
    test(`axe finds nothing: ${colorScheme}, ${name}`, () => quietly({ ...size, colorScheme }, async (page) => {
      await page.evaluate(() => {
        for (const details of document.querySelectorAll("details")) details.open = true;
        // What isn't drawn isn't looked at.
        for (const card of document.querySelectorAll(".job")) card.style.contentVisibility = "visible";
      });
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate(() => axe.run({ resultTypes: ["violations", "passes"] }));
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`), []);
      assert.ok(passes.length > 20, `${passes.length} rules are too few to have looked`);
    }));
  }
}

for (const width of [320, 390, 768]) {
  test(`nothing sticks out at ${width} pixels`, () => quietly({ ...phone, viewport: { width, height: 800 } }, async (page) => {
    await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
      for (const card of document.querySelectorAll(".job")) card.style.contentVisibility = "visible";
    });
    const out = await page.evaluate(() => [...document.querySelectorAll("main *, header *")].filter((part) => part.getBoundingClientRect().right > innerWidth + 0.5 && !part.closest("video")).map((part) => part.outerHTML.slice(0, 100)));
    assert.deepEqual(out, []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
  }));
}

test("without script everything is there", () => quietly({ ...desktop, javaScriptEnabled: false }, async (page) => {
  assert.deepEqual(await visible(page), [...jobs, "close-up"]);
  assert.equal(await page.locator("video[controls]").count(), 10);
  assert.ok(!await page.locator("#tools").isVisible());
  assert.ok(await page.getByText("batch resolve jobs.yaml lost --simulate --task-id ID").isVisible());
}));

test("hostile text stays text", async () => {
  const project = hostile();
  try {
    await quietly(desktop, async (page) => {
      assert.equal(await page.evaluate(() => typeof hacked), "undefined");
      assert.match(await page.locator(".prompt").textContent(), /<script>hacked=1<\/script><img src=x onerror=hacked=1>/);
      assert.equal(await page.locator("script").count(), 1);
      assert.match(await page.locator("a.remote").getAttribute("href"), /^https:\/\/images\.example\.com\//);
    }, project.address("page.html"));
  } finally {
    project.remove();
  }
});

test("a server of plain files is as good as a disk", async () => {
  const served = [];
  const server = createServer((request, response) => {
    served.push(request.url);
    const type = request.url.endsWith(".html") ? "text/html" : request.url.endsWith(".mp4") ? "video/mp4" : "image/png";
    response.setHeader("content-type", type);
    createReadStream(join(project.folder, decodeURIComponent(request.url))).on("error", () => response.destroy()).pipe(response);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { page, complaints, context } = await open(browser, `http://127.0.0.1:${server.address().port}/page.html`);
  try {
    await page.waitForFunction(() => document.querySelector("video").readyState >= 1 && document.querySelector("img").naturalWidth > 0);
    assert.deepEqual(complaints, []);
    assert.ok(served.includes("/refs/person.png") && !served.includes("/favicon.ico"), served.join(" "));
  } finally {
    await context.close();
    server.closeAllConnections();
    server.close();
  }
});

test("a video that is gone is named", async () => {
  const { page, context } = await open(browser, project.address("page.html"));
  try {
    await page.locator("#job-close-up video").evaluate((video) => {
      video.src = "./out/gone.mp4";
      video.load();
    });
    await page.locator("#job-close-up").getByText("Not where the page looks for it: out/sim/close-up-1.mp4").waitFor();
  } finally {
    await context.close();
  }
});

test("pictures of it, for people", { skip: process.env.SHOTS ? false : "SHOTS names no folder for them" }, async () => {
  for (const [name, options, y] of [["light", desktop, 0], ["jobs", desktop, 640], ["dark", { ...desktop, colorScheme: "dark" }, 640], ["failures", desktop, 1150], ["phone", phone, 900], ["phone-top", phone, 0]]) {
    await quietly(options, async (page) => {
      await page.evaluate((y) => scrollTo(0, y), y);
      await page.waitForTimeout(1000);
      await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) });
    });
  }
});
