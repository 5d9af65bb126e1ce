import { KeyError, fetchLogin } from './broker.js';
import { ofStun, ofTurn, summary } from './findings.js';
import { DATA_LIMIT, RELAY_LIMIT, call, gather, isUnknown } from './peers.js';
import { newReport } from './report.js';
import { addRow } from './row.js';
import {
  iceServer,
  isAddress,
  isLoopback,
  passesStrictFirewalls,
  serversOf,
  stunServers,
} from './servers.js';

const NOTHING = { trips: [], candidates: [], errors: [] };

const element = (selector) => document.querySelector(selector);

let current = new AbortController();
let report;

onSubmit('#broker', askBroker);
onSubmit('#own', readOwn);
element('#copy').addEventListener('click', copyReport);
check(askBroker);

function onSubmit(form, source) {
  element(form).addEventListener('submit', (event) => {
    event.preventDefault();
    check(source);
  });
}

async function check(source) {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  element('#answer').hidden = true;
  conclude('checking', 'Checking…');
  try {
    if (!globalThis.RTCPeerConnection) {
      throw new Error('This browser has no WebRTC, or it is turned off.');
    }
    const servers = await source(signal);
    signal.throwIfAborted();
    conclude('checking', 'Sending data through each relay…');
    report = newReport(servers);
    warn(servers);
    const results = await Promise.all(servers.map((server) => checkServer(server, servers, signal)));
    signal.throwIfAborted();
    conclude(...summary(results));
    report.finish(element('#verdict').textContent, results);
    element('#copy').hidden = false;
  } catch (error) {
    if (signal.aborted) return;
    conclude('fails', error.message);
    if (error instanceof KeyError) wantKey();
  }
}

function conclude(verdict, words) {
  const output = element('#verdict');
  output.dataset.verdict = verdict;
  output.textContent = words;
}

function seconds(milliseconds) {
  return `${Math.round(milliseconds / 1000)} s`;
}

async function askBroker(signal) {
  conclude('checking', 'Asking the broker for a login…');
  const { iceServers, ttl } = await fetchLogin(element('#key').value, signal);
  const servers = serversOf(iceServers);
  if (!servers.some(({ isTurn }) => isTurn)) {
    throw new Error('TURN does not work: the broker names no TURN server.');
  }
  showAnswer('The broker’s servers', new Date(Date.now() + ttl * 1000));
  return servers;
}

function readOwn() {
  const { urls, username, credential } = Object.fromEntries(new FormData(element('#own')));
  const list = urls.split(/[\s,]+/).filter(Boolean);
  if (!list.length) throw new Error('No address to check.');
  showAnswer('Your own servers');
  return serversOf([{ urls: list, username, credential }]).map((server) =>
    server.isTurn ? server : { ...server, username: '', credential: '' },
  );
}

function showAnswer(caption, expiry) {
  element('caption').textContent = caption;
  element('#expiry').hidden = isNaN(expiry);
  if (!isNaN(expiry)) {
    const time = element('time');
    time.dateTime = expiry.toISOString();
    time.textContent = expiry.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
  }
  element('tbody').replaceChildren();
  element('#copy').hidden = true;
  element('#copied').value = '';
  element('#report').hidden = true;
  element('#answer').hidden = false;
}

function wantKey() {
  element('#client').hidden = false;
  element('#key').focus();
}

function warn(servers) {
  const hasTurn = servers.some(({ isTurn }) => isTurn);
  element('#port443').hidden = !hasTurn || servers.some(passesStrictFirewalls);
}

async function checkServer(server, servers, signal) {
  const row = addRow(server);
  const found = await (server.isTurn ? checkTurn : checkStun)(server, servers, signal, row);
  row.show(found);
  return { ...found, url: server.url, isTurn: server.isTurn, over: server.tried.toUpperCase() };
}

/** Calls a peer without a relay first, since some quotas allow only one relay. */
async function checkTurn(server, servers, signal, row) {
  const relayOnly = { iceServers: [iceServer(server)], iceTransportPolicy: 'relay' };
  const open = { iceServers: stunServers(servers) };
  row.wait(`waiting for a relay: up to ${seconds(RELAY_LIMIT)}…`);
  const direct = await call(relayOnly, open, signal, () =>
    row.wait(`sending data to a peer without a relay: up to ${seconds(DATA_LIMIT)}…`),
  );
  if (!direct.relay) {
    await lookUp(server, direct, signal);
    return { ...ofTurn(server, direct, NOTHING), direct };
  }
  row.wait(`sending data between two relays: up to ${seconds(DATA_LIMIT)}…`);
  const relayed = await call(relayOnly, relayOnly, signal);
  return { ...ofTurn(server, direct, relayed), direct, relayed };
}

async function checkStun(server, _, signal, row) {
  row.wait(`waiting for an answer: up to ${seconds(RELAY_LIMIT)}…`);
  const direct = await gather({ iceServers: [iceServer(server)] }, signal);
  await lookUp(server, direct, signal);
  return { ...ofStun(server, direct), direct };
}

async function lookUp(server, found, signal) {
  const unconnected = found.errors.some(({ errorCode }) => errorCode === 701);
  const isName = !isAddress(server) && !isLoopback(server);
  if (unconnected && isName) found.unknown = await isUnknown(server.host, signal);
}

/** Copies the report. Over plain HTTP, pages may not do that, so the report is shown, selected. */
async function copyReport() {
  const text = report.text();
  try {
    await navigator.clipboard.writeText(text);
    element('#copied').value = 'Copied.';
  } catch {
    element('#report').hidden = false;
    element('#report').value = text;
    element('#report').select();
    element('#copied').value = 'Copy it from here:';
  }
}
