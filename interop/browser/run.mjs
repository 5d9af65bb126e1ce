// Tries a list of cases, given as a line of JSON, in one start of a browser: a line for each.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';

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

async function serve(file) {
  const page = await readFile(new URL(file, import.meta.url));
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end(page);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://localhost:${server.address().port}`;
}

// Both libraries end the browser with this process, which ends with the one that started it.
const input = createInterface(process.stdin).once('close', () => process.exit(1));
const [line] = await once(input, 'line');

const browser = await start[browserName]();
const page = await browser.newPage();
await page.goto(await serve('page.html'));
for (const { name, configuration } of JSON.parse(line)) {
  const outcome = await page.evaluate((given) => attempt(given), configuration);
  console.log(JSON.stringify({ name, ...outcome }));
}
await browser.close();
process.exit();
