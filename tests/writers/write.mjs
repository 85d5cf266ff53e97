// Writes the manifest on standard input with the JavaScript writers, and rewrites files with the formatters; one JSON object of texts by name.
import { createFromBuffer } from "@dprint/formatter";
import * as dprintJson from "@dprint/json";
import * as dprintToml from "@dprint/toml";
import iarna from "@iarna/toml";
import * as jsYaml from "js-yaml";
import { readFileSync } from "node:fs";
import * as prettier from "prettier";
import * as smol from "smol-toml";
import YAML from "yaml";

const { data, yaml, toml, json } = JSON.parse(readFileSync(0, "utf8"));
const out = {};
const attempt = async (name, make) => {
  try {
    out[name] = { text: await make() };
  } catch (error) {
    out[name] = { error: String(error.message ?? error).split("\n")[0] };
  }
};
const dump = jsYaml.dump ?? jsYaml.default.dump;
await attempt("js-yaml.yaml", () => dump(data));
await attempt("js-yaml-narrow.yaml", () => dump(data, { lineWidth: 40 }));
await attempt("js-yaml-flow.yaml", () => dump(data, { flowLevel: 3, lineWidth: -1 }));
await attempt("yaml.yaml", () => YAML.stringify(data));
await attempt("yaml-narrow.yaml", () => YAML.stringify(data, { lineWidth: 40 }));
await attempt("yaml-double.yaml", () => YAML.stringify(data, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" }));
await attempt("yaml-single.yaml", () => YAML.stringify(data, { defaultStringType: "QUOTE_SINGLE", defaultKeyType: "PLAIN" }));
await attempt("yaml-json.yaml", () => YAML.stringify(data, { collectionStyle: "flow" }));
await attempt("json.json", () => JSON.stringify(data, null, 2));
await attempt("smol-toml.toml", () => smol.stringify(data));
await attempt("iarna-toml.toml", () => iarna.stringify(data));
for (const [name, parser, text] of [["yaml", "yaml", yaml], ["json", "json", json]]) {
  await attempt(`prettier.${name}`, () => prettier.format(text, { parser }));
  await attempt(`prettier-narrow.${name}`, () => prettier.format(text, { parser, printWidth: 40, proseWrap: "preserve" }));
}
await attempt("prettier-always.yaml", () => prettier.format(yaml, { parser: "yaml", proseWrap: "always", singleQuote: true }));
await attempt("dprint.json", () => createFromBuffer(readFileSync(dprintJson.getPath())).formatText({ filePath: "jobs.json", fileText: json }));
await attempt("dprint.toml", () => createFromBuffer(readFileSync(dprintToml.getPath())).formatText({ filePath: "jobs.toml", fileText: toml }));
process.stdout.write(JSON.stringify(out));
