// Makes a list of calls, given as a line of JSON, in one start of a browser: a line for each.
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

// Both libraries end the browser with this process, which ends with the one that started it.
const input = createInterface(process.stdin).once('close', () => process.exit(1));
setTimeout(() => process.exit(1), LIMIT);
const [line] = await once(input, 'line');
const functions = await readFile(new URL('functions.js', import.meta.url));

const browser = await start[browserName]();
const page = await browser.newPage();
for (const { address, name, argument } of JSON.parse(line)) {
  await page.goto(address);
  const call = `(() => { ${functions} return ${name}(${JSON.stringify(argument)}); })()`;
  const answer = await page.evaluate(call).then(
    (value) => ({ Ok: value }),
    (error) => ({ Err: String(error) }),
  );
  console.log(JSON.stringify(answer));
}
await browser.close();
process.exit();
