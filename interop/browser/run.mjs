// Makes a list of calls, given as one line of JSON, in one run of a browser, and prints a line for each.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';

const LIMIT = 180_000;

const [browserName, executablePath, profile] = process.argv.slice(2);

const start = {
  chromium: () =>
    chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    }),
  firefox: () =>
    puppeteer.launch({
      browser: 'firefox',
      executablePath,
      headless: true,
      userDataDir: profile,
      extraPrefsFirefox: { 'media.peerconnection.ice.loopback': true },
    }),
};

// Both libraries end the browser with this process, which ends with its parent.
const input = createInterface(process.stdin).once('close', () => process.exit(1));
setTimeout(() => process.exit(1), LIMIT);
const [line] = await once(input, 'line');
const read = (path) => readFile(new URL(path, import.meta.url), 'utf8');
const [functions, axe] = await Promise.all(['functions.js', 'node_modules/axe-core/axe.min.js'].map(read));

const browser = await start[browserName]();
let shot = 0;
const page = await browser.newPage();
for (const { address, name, argument } of JSON.parse(line)) {
  if (name === 'accessibility') await look(argument);
  await page.goto(address);
  if (name === 'accessibility') await page.evaluate(axe);
  const call = `(() => { ${functions} return ${name}(${JSON.stringify(argument)}); })()`;
  const answer = await page.evaluate(call).then(
    (value) => ({ Ok: value }),
    (error) => ({ Err: String(error) }),
  );
  console.log(JSON.stringify(answer));
  const shots = process.env.SCREENSHOTS;
  if (shots) await page.screenshot({ path: `${shots}/${browserName}-${process.pid}-${++shot}.png`, fullPage: true });
}
await browser.close();
process.exit();

/** Sets a colour scheme and a width, as in `dark 360`; Firefox's protocol cannot set the scheme. */
async function look(argument) {
  const [colorScheme, width] = argument.split(' ');
  const size = { width: Number(width), height: 800 };
  if (browserName === 'firefox') return page.setViewport(size);
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize(size);
}
