// Look at the portrait in Chromium at one width, and print what was seen as JSON.
// Arguments: Chromium, the portrait's folder, width, height, the members' codes whose pages are looked at.
// A PNG of each page goes to $NUMERIAN_SCREENSHOTS, when that names a folder.
const { pathToFileURL } = require("node:url");
const path = require("node:path");
const { chromium } = require("playwright-core");

const [program, folder, width, height, ...codes] = process.argv.slice(2);
const quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
const url = (name) => pathToFileURL(path.join(folder, name)).href;

const judge = async (page) => {
  await page.addScriptTag({ path: require.resolve("axe-core/axe.min.js") });
  // Without preload: axe would ask for the style sheet by XMLHttpRequest, which no browser allows from a disk.
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"], preload: false }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`);
};
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
const shown = (page) => page.$$eval("#lignes tr", (rows) => rows.filter((row) => row.offsetParent).map((row) => row.querySelector("a").textContent));
const fills = (page) => page.$$eval("path.m", (paths) => [...new Set(paths.map((one) => getComputedStyle(one).fill))].sort());

// Every stop of the keyboard up to the list, and whether one sees where it is.
const stops = async (page, number) => {
  const found = [];
  for (let at = 0; at < number; at += 1) {
    await page.keyboard.press("Tab");
    found.push(await page.evaluate(() => {
      const one = document.activeElement;
      const ring = one.type === "radio" ? one.nextElementSibling : one;
      const box = ring.getBoundingClientRect();
      const style = getComputedStyle(ring);
      const seen = box.width > 0 && box.right > 0 && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      return { what: one.id || one.textContent.trim(), seen };
    }));
  }
  return found;
};

(async () => {
  const browser = await chromium.launch({ executablePath: program, args: quiet });
  const size = { width: Number(width), height: Number(height) };
  const page = await browser.newPage({ viewport: size });
  const outside = [];
  const errors = [];
  page.on("request", (request) => /^(file|data):/.test(request.url()) || outside.push(request.url()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));

  const pages = {};
  for (const name of ["index.html", ...codes.map((code) => `membres/${code}.html`)]) {
    await page.goto(url(name));
    if (process.env.NUMERIAN_SCREENSHOTS) {
      const file = `${name.replace(/\W/g, "-")}-${width}`;
      await page.screenshot({ path: path.join(process.env.NUMERIAN_SCREENSHOTS, `${file}.png`) });
      await page.screenshot({ path: path.join(process.env.NUMERIAN_SCREENSHOTS, `${file}-full.png`), fullPage: true });
    }
    pages[name] = { overflow: await overflow(page), violations: await judge(page), title: await page.title() };
  }

  await page.goto(url("index.html"));
  const keyboard = await stops(page, 6);
  const everybody = (await shown(page)).length;
  await page.fill("#q", "Privas");
  const privas = { rows: await shown(page), told: await page.textContent("#compte") };
  await page.fill("#q", "saint-étienne-de-fontbellon");
  const accents = await shown(page);
  await page.fill("#q", "zzz");
  const nobody = { rows: await shown(page), told: await page.textContent("#compte") };
  await page.fill("#q", "");
  const back = (await shown(page)).length;

  const colours = {};
  for (const mode of ["service", "datacenter", "level"]) {
    await page.click(`label[for=mode-${mode}]`);
    colours[mode] = { fills: await fills(page), keys: await page.$$eval(".key", (keys) => keys.filter((key) => key.offsetParent).map((key) => key.className)) };
  }
  await page.fill("#q", "07186");
  await page.keyboard.press("Enter");
  await page.waitForURL(/membres\/07186\.html$/);
  const opened = await page.textContent("h1");
  await browser.close();
  process.stdout.write(JSON.stringify({ pages, outside, errors, keyboard, everybody, privas, accents, nobody, back, colours, opened }));
})().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
