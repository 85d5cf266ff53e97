// Compiles every schema with ajv in its defaults, the strictest of the validators that people use: a keyword or a format
// that it doesn't know is an error to it. (schemas.js ROOT HOME, started by `run`)
const fs = require("fs");
const path = require("path");
const [root, home] = process.argv.slice(2);
const Ajv = require(require.resolve("ajv", { paths: [home] }));

const folder = path.join(root, "schemas");
const names = fs.readdirSync(folder).filter((name) => name.endsWith(".schema.json"));
if (names.length === 0) throw new Error(`there is no schema in ${folder}`);
const wrong = names.filter((name) => {
    // What it only advises is not shown; what it refuses is.
    const ajv = new Ajv({ logger: false });
    try {
        ajv.compile(JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")));
        return false;
    } catch (error) {
        console.log(`  WRONG ${name}: ${error.message}`);
        return true;
    }
});
console.log(`ajv\n  ${String(names.length - wrong.length).padStart(4)} schemas taken`);
process.exit(wrong.length === 0 ? 0 : 1);
