#!/usr/bin/env bash
# Guess: `maxRetries` of the AI SDK's generateVideo (2 by default) repeats the request that failed, whichever provider is chosen:
# a poll that is answered with 503 is asked again, as a GET costs nothing.
#
# What happens: so it is for Alibaba. For ByteDance the submit and its polls are repeated together: one 503 to a poll orders the
# video a second time, and a service whose submits work and whose polls don't is sent three orders for one call, without a key by
# which it could tell; the error names none of the three tasks. For fal one 503 to a poll ends the call, which is never repeated,
# and its error names no task either.
#
# Versions: ai 7.0.173, @ai-sdk/bytedance 1.0.29, @ai-sdk/alibaba 2.0.58, @ai-sdk/fal 3.0.41 (npm), Node.js 20.
# Source: seen here; a provider without `doStart` and `doStatus` has one function for all, and the retries are around it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --no-package-lock ai@7.0.173 @ai-sdk/bytedance@1.0.29 @ai-sdk/alibaba@2.0.58 \
    @ai-sdk/fal@3.0.41 >/dev/null
cat > generate.mjs <<'JS'
import assert from "node:assert";
import { createServer } from "node:http";
import { experimental_generateVideo as generateVideo } from "ai";
import { createAlibaba } from "@ai-sdk/alibaba";
import { createByteDance } from "@ai-sdk/bytedance";
import { createFal } from "@ai-sdk/fal";

globalThis.AI_SDK_LOG_WARNINGS = false;
let orders, keys, badPolls; // the submits, those with a key, and how many of the next polls are answered with 503

// Answers a submit with a task and a poll with its video, in the words of all three services at once.
const server = createServer(async (request, response) => {
  for await (const _ of request);
  const answer = (status, value) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
  };
  if (request.method === "POST") {
    const task = `task-${++orders}`;
    keys += "idempotency-key" in request.headers;
    return answer(200, { id: task, output: { task_id: task, task_status: "PENDING" }, response_url: `https://queue.fal.run/requests/${task}` });
  }
  if (badPolls-- > 0) return answer(503, { message: "no server is free", detail: "no server is free", error: { message: "no server is free" } });
  const url = "https://videos.example.com/1.mp4";
  answer(200, { id: "task", status: "succeeded", content: { video_url: url }, output: { task_id: "task", task_status: "SUCCEEDED", video_url: url }, video: { url } });
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const loopback = (url, init) => fetch(String(url).replace(/^https?:\/\/[^/]+/, `http://127.0.0.1:${server.address().port}`), init);
const settings = { apiKey: "none", fetch: loopback };
const models = {
  bytedance: createByteDance(settings).video("seedance-1-0-pro-250528"),
  alibaba: createAlibaba(settings).video("wan2.5-t2v-preview"),
  fal: createFal(settings).video("luma-dream-machine"),
};
async function ordered(name, bad) {
  [orders, keys, badPolls] = [0, 0, bad];
  const call = {
    model: models[name],
    prompt: "a dog runs",
    providerOptions: { bytedance: { pollIntervalMs: 10 } },
    download: async () => ({ data: new Uint8Array([1]), mediaType: "video/mp4" }),
  };
  if (name !== "bytedance") call.poll = { intervalMs: 10 };
  try {
    await generateVideo(call);
    return [orders, keys, "the video"];
  } catch (error) {
    const text = [error, ...(error.errors ?? [])].map((each) => each.message).join(" ");
    return [orders, keys, `an error that names ${text.includes("task-") ? "a" : "no"} task`];
  }
}
const lost = "an error that names no task";
const expected = {
  bytedance: [[1, 0, "the video"], [2, 0, "the video"], [3, 0, lost]],
  alibaba: [[1, 1, "the video"], [1, 1, "the video"], [1, 1, lost]],
  fal: [[1, 1, "the video"], [1, 1, lost], [1, 1, lost]],
};
console.log("one call of generateVideo: orders that came, orders with an idempotency key, and what the program gets");
for (const name of Object.keys(models)) {
  const seen = [await ordered(name, 0), await ordered(name, 1), await ordered(name, 99)];
  ["all is well", "one poll 503", "each poll 503"].forEach((what, at) => console.log(`  ${name}, ${what}: ${seen[at].join(", ")}`));
  assert.deepEqual(seen, expected[name], "this is no longer so");
}
server.close();
server.closeAllConnections();
JS
timeout 110 node generate.mjs
