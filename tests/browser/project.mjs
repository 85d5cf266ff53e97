// Projects that the simulated service has run, each in a temporary folder.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

export class Project {
  constructor(name) {
    this.temporary = mkdtempSync(join(tmpdir(), "batch-page-"));
    // A name that needs every kind of escape in an address.
    this.folder = join(this.temporary, name);
    mkdirSync(this.folder);
  }

  write(path, content) {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  batch(...args) {
    const { status, stderr } = spawnSync(process.env.BATCH, args, { cwd: this.folder, encoding: "utf8" });
    return { status, stderr };
  }

  address(path) {
    return pathToFileURL(join(this.folder, path)).href;
  }

  remove() {
    rmSync(this.temporary, { recursive: true, force: true });
  }
}

// A run in which everything happens: jobs of every status, and videos of a prompt that was edited since.
export function everything() {
  const project = new Project("小 狗 #1 100%?");
  cpSync(join(here, "../../examples/local-images/refs"), join(project.folder, "refs"), { recursive: true });
  const manifest = readFileSync(join(here, "jobs.yaml"), "utf8");
  project.write("jobs.yaml", manifest.replace("looks into the camera", "looks at the sky"));
  project.batch("run", "--simulate", "--only", "close-up", "--sim-latency", "0s");
  project.write("jobs.yaml", manifest);
  const faults = ["submit:fail~fail-me", "submit:moderate~moderate-me", "submit:400(envelope)~refuse-me", "submit:reset(charged)~lose-me", "submit:never~never-ends"];
  const { status, stderr } = project.batch(
    "run", "--simulate", "--skip", "evening", "--sim-latency", "0s..2s", ...faults.flatMap((fault) => ["--sim-fault", fault]),
    "--report", "page.html",
  );
  if (status !== 3) throw new Error(`the run ended with ${status}\n${stderr}`);
  return project;
}

// So many jobs, all with a video.
export function many(jobs) {
  const project = new Project("many");
  const lines = Array.from({ length: jobs }, (_, n) => `  - { id: shot-${n + 1}, prompt: "@dog runs, take ${n + 1} of a long day" }`);
  project.write("jobs.yaml", `version: 1
run: { poll_interval: 10ms }
references:
  dog: { type: subject, urls: ["https://images.example.com/dog.png"] }
defaults: { resolution: 360p, duration: 5 }
jobs:
${lines.join("\n")}
`);
  const { status, stderr } = project.batch("run", "--simulate", "--sim-latency", "0s", "-j", "64", "--progress", "none", "--report", "page.html");
  if (status !== 0) throw new Error(`the run ended with ${status}\n${stderr}`);
  return project;
}

// Prompts and names that would like to be markup.
export function hostile() {
  const project = new Project("hostile");
  project.write("jobs.yaml", `version: 1
references:
  "<img/src=x:onerror=hacked=1>": { type: subject, urls: ["https://images.example.com/'\\"><script>hacked=1</script>.png"] }
defaults: { resolution: 360p, duration: 5 }
prices: { unit: "<b onclick=hacked=1>", table: [{ resolution: 360p, duration: 5, price: 1 }] }
jobs:
  - id: hostile
    prompt: "@<img/src=x:onerror=hacked=1> </script><script>hacked=1</script><img src=x onerror=hacked=1>\\u202e"
`);
  const { status, stderr } = project.batch("run", "--simulate", "--sim-latency", "0s", "--report", "page.html");
  if (status !== 0) throw new Error(`the run ended with ${status}\n${stderr}`);
  return project;
}
