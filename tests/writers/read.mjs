// Reads the manifest on standard input as YAML 1.2; prints id, prompt and negative prompt of each job.
import { readFileSync } from "node:fs";
import YAML from "yaml";

const data = YAML.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(data.jobs.map((job) => [job.id, job.prompt, job.negative_prompt])));
