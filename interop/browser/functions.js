// What a page does for the driver: functions with one argument, which return the result.
const LIMIT = 15_000;

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Connects two peers with this configuration, and returns what happened. */
async function attempt({ name, configuration }) {
  const outcome = { name, echoed: false, candidates: [], errors: [], thrown: null };
  const peers = [];
  try {
    for (const _ of 'ab') peers.push(new RTCPeerConnection(configuration));
    const echo = echoes(...peers).then(() => (outcome.echoed = true));
    const gathered = Promise.all(peers.map((peer) => gathers(peer, outcome)));
    trickle(...peers);
    await negotiate(...peers);
    const certain = gathered.then((relayed) => relayed.every(Boolean) && echo);
    await Promise.race([certain, wait(LIMIT)]);
  } catch (error) {
    outcome.thrown = String(error);
  }
  peers.forEach((peer) => peer.close());
  return outcome;
}

/** Resolves when a message has come back. */
function echoes(caller, callee) {
  callee.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => channel.send(data);
  };
  const channel = caller.createDataChannel('echo');
  channel.onopen = () => channel.send('there and back');
  return new Promise((resolve) => (channel.onmessage = resolve));
}

/** Resolves when the peer has all its candidates (true), or has none and knows why (false). */
function gathers(peer, { candidates, errors }) {
  let relayed = false;
  let refused = false;
  return new Promise((resolve) => {
    const settle = () => {
      if (peer.iceGatheringState === 'complete' && (relayed || refused)) resolve(relayed);
    };
    peer.addEventListener('icegatheringstatechange', settle);
    peer.addEventListener('icecandidate', ({ candidate }) => {
      if (!candidate?.candidate) return;
      const { type, address, protocol, relayProtocol, url } = candidate;
      candidates.push({ type, address, protocol, relayProtocol, url });
      relayed = true;
    });
    peer.addEventListener('icecandidateerror', ({ errorCode, errorText, url }) => {
      errors.push({ errorCode, errorText, url });
      refused = true;
      settle();
    });
  });
}

function trickle(caller, callee) {
  caller.addEventListener('icecandidate', ({ candidate }) => callee.addIceCandidate(candidate));
  callee.addEventListener('icecandidate', ({ candidate }) => caller.addIceCandidate(candidate));
}

async function negotiate(caller, callee) {
  await caller.setLocalDescription();
  await callee.setRemoteDescription(caller.localDescription);
  await callee.setLocalDescription();
  await caller.setRemoteDescription(callee.localDescription);
}

/** Gets a login as the clients of Xirsys's broker do, and connects two peers with nothing else. */
async function join({ broker, token }) {
  token ??= await request('GET', broker);
  const server = await request('PUT', broker, { tok: token });
  const configuration = { iceTransportPolicy: 'relay' };
  configuration.iceServers = [server];
  return { token, server, outcome: await attempt({ name: broker, configuration }) };
}

/** Asks as those clients do: with a form's content type but no form. Reads JSON or else text. */
function request(method, url, headers = {}) {
  return new Promise((resolve, reject) => {
    const asking = new XMLHttpRequest();
    asking.open(method, url);
    asking.setRequestHeader('Content-type', 'application/x-www-form-urlencoded');
    for (const [name, value] of Object.entries(headers)) asking.setRequestHeader(name, value);
    asking.timeout = LIMIT;
    asking.ontimeout = () => reject(new Error('too slow'));
    asking.onerror = () => reject(new Error('no answer'));
    asking.onload = () => {
      if (asking.status < 200 || asking.status > 299) reject(new Error(`status ${asking.status}`));
      try {
        resolve(JSON.parse(asking.response));
      } catch {
        resolve(asking.response);
      }
    };
    asking.send();
  });
}

/** What the broker's page says when it has checked: without a key, and then with `key` if given. */
async function verdict(key) {
  const [output, field] = ['#verdict', '#key'].map((name) => document.querySelector(name));
  const checked = () => output.dataset.verdict !== 'checking';
  await until(checked);
  const wantsKey = field.checkVisibility();
  if (key) {
    field.value = key;
    field.form.requestSubmit();
    await until(checked);
  }
  return { ...shown(), wantsKey };
}

/** What the page says about servers that are typed in, and how many web requests it then made. */
async function checkOwn({ urls, username, credential }) {
  const checked = () => document.querySelector('#verdict').dataset.verdict !== 'checking';
  await until(checked);
  const form = document.querySelector('#own');
  form.closest('details').open = true;
  form.urls.value = urls.join('\n');
  form.username.value = username;
  form.credential.value = credential;
  const submitted = performance.now();
  form.requestSubmit();
  await until(() => document.querySelector('#verdict').innerText.includes('Sending') || checked());
  const progress = document.querySelector('#verdict').innerText;
  await until(checked);
  const requests = performance.getEntriesByType('resource');
  const sent = requests.filter(({ startTime }) => startTime >= submitted).length;
  return { ...shown(), wantsKey: false, progress, sent };
}

/** What the page says when its broker gives each of these answers to any request. */
async function answered(answers) {
  const output = document.querySelector('#verdict');
  const checked = () => output.dataset.verdict !== 'checking';
  await until(checked);
  const said = [];
  for (const { status, body } of answers) {
    globalThis.fetch = async () => new Response(body, { status, headers: { 'retry-after': '7' } });
    document.querySelector('#broker').requestSubmit();
    await until(checked);
    said.push(output.innerText);
  }
  return said;
}

function shown() {
  const output = document.querySelector('#verdict');
  const rows = [...document.querySelectorAll('tbody tr')].map(({ dataset, innerText }) => ({
    ...dataset,
    words: innerText,
  }));
  const text = document.body.innerText;
  const warns = document.querySelector('#port443').checkVisibility();
  const focus = document.activeElement.id;
  const verdict = { verdict: output.dataset.verdict, words: output.innerText };
  return { ...verdict, rows, text, warns, focus, report: copied() };
}

/** What the page copies, to a fake clipboard: browsers require a user's click for the real one. */
function copied() {
  let text = null;
  const clipboard = { writeText: (written) => (text = written) };
  Object.defineProperty(navigator, 'clipboard', { value: clipboard, configurable: true });
  const button = document.querySelector('#copy');
  if (button.checkVisibility()) button.click();
  return JSON.parse(text);
}

/** What axe finds against WCAG level AA with all details open, and whether the page is too wide. */
async function accessibility(name) {
  await verdict();
  document.querySelectorAll('details').forEach((details) => (details.open = true));
  const { violations, passes } = await axe.run({
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
  });
  return {
    name,
    contrast: passes.some(({ id }) => id === 'color-contrast'),
    violations: violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`)),
    overflows: document.documentElement.scrollWidth > innerWidth,
  };
}

async function until(holds) {
  for (const end = Date.now() + 2 * LIMIT; !holds() && Date.now() < end; ) await wait(10);
}

/** Publishes with a WHIP client; returns what its peer gathers from the servers of the answer. */
async function publish(endpoint) {
  const outcome = { name: endpoint, echoed: false, candidates: [], errors: [], thrown: null };
  const peer = new RTCPeerConnection({ iceTransportPolicy: 'relay' });
  peer.createDataChannel('media');
  const gathered = gathers(peer, outcome);
  try {
    await new WHIPClient().publish(peer, endpoint);
    await Promise.race([gathered, wait(LIMIT)]);
  } catch (error) {
    outcome.thrown = String(error);
  }
  peer.close();
  return outcome;
}

/** For each list of ICE servers, the name of what the browser throws for it, or null. */
function throws(lists) {
  const peer = new RTCPeerConnection();
  return lists.map((iceServers) => {
    try {
      peer.setConfiguration({ iceServers });
      return null;
    } catch ({ name }) {
      return name;
    }
  });
}

/** For each list of ICE servers, whether it gives a relay. */
function relays(lists) {
  return Promise.all(
    lists.map(async (iceServers) => {
      const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' });
      const gathered = new Promise((resolve) => {
        peer.onicecandidate = ({ candidate }) => candidate?.candidate && resolve(true);
        peer.onicegatheringstatechange = () =>
          peer.iceGatheringState === 'complete' && resolve(false);
      });
      peer.createDataChannel('any');
      await peer.setLocalDescription();
      const relayed = await Promise.race([gathered, wait(LIMIT).then(() => false)]);
      peer.close();
      return relayed;
    }),
  );
}
