// Chromium, and pages whose every complaint and request is kept.
import { chromium } from "playwright-core";

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

export const desktop = { viewport: { width: 1360, height: 900 }, colorScheme: "light" };
export const phone = { viewport: { width: 390, height: 844 }, colorScheme: "light", deviceScaleFactor: 2, hasTouch: true };

// A page with what it said and asked for: `complaints` are errors, warnings and breaches of its policy. `prepare` has the page
// before it is loaded.
export async function open(browser, address, options = desktop, prepare = async () => {}) {
  const context = await browser.newContext({ locale: "en-US", timezoneId: "Asia/Shanghai", ...options });
  const page = await context.newPage();
  const complaints = [];
  const requests = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`thrown: ${error}`));
  page.on("request", (request) => requests.push(request.url()));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  await prepare(page);
  await page.goto(address, { timeout: 120_000 });
  return { page, complaints, requests, context };
}
