// The findings of the checks, in words.

import { isAddress, isLoopback } from './servers.js';

// In milliseconds. A longer wait means no answer; a refused connection is known at once.
const PROMPT = 5_000;

const LOOPBACK = /^127\.|^::1$/;

const PRIVATE = /^(10|127|169\.254|172\.(1[6-9]|2\d|3[01])|192\.168)\.|^(::1$|f[cde])/;

const SCHEME = /^(stun|turn)s?:/i;

// Chromium and Firefox put this before their reason.
const THROWER = /^(Failed to construct 'RTCPeerConnection'|PeerConnectionImpl.setConfiguration): /;

const FIREFOX = navigator.userAgent.includes('Firefox/');

const REFUSALS = {
  400: [
    'the TURN server refuses the request',
    'is the login wrong or expired, or does the server reject its username?',
  ],
  401: [
    'the TURN server refuses the login',
    'does it have the same secret, and is its clock right?',
  ],
  403: ['the TURN server refuses this browser', 'does it deny this network?'],
  486: [
    'the quota of relays is used up',
    'is user-quota or total-quota too small? This check needs two relays at each address.',
  ],
  508: ['the TURN server has no relay left', 'does it have too few relay ports?'],
};

const OTHER_REFUSAL = ['the TURN server gives no relay', 'what does its log say?'];

// The kinds of failure. The most telling comes first: the headline shows that one.
const [BLOCKED, HALF, REFUSED, UNACCEPTED, SETTING, UNRESOLVED, UNCONNECTED, SILENT, UNTRIED] =
  Array(9).keys();

/** The finding from a call through a relay to a peer without one, and a call between two relays. */
export function ofTurn(server, direct, relayed) {
  if (!direct.relay) return fails(...withoutRelay(server, direct));
  const { relay, foreign } = direct;
  const onLoopback = LOOPBACK.test(relay.address);
  const toRelay = relayed.trips;
  const toPeer = foreign && !toRelay.length ? [] : direct.trips;
  const where = `a relay at ${host(relay)} after ${relay.ms} ms`;
  if (!toRelay.length) {
    const isKnown = toPeer.length || (onLoopback && refusalOf(relayed));
    return isKnown ? half(where, toPeer, relayed) : fails(BLOCKED, blocked(direct, relayed));
  }
  const passed = toPeer.length ? `${median(toPeer)} ms to a peer without a relay, ` : '';
  const unpassed = onLoopback ? 'a relay on loopback rarely reaches one.' : 'a NAT, or a denied network?';
  return works(
    server,
    `${where}. Round trips: ${passed}${median(toRelay)} ms between two relays.` +
      (passed ? '' : ` Nothing passed to a peer without a relay: ${unpassed}`) +
      (PRIVATE.test(relay.address) ? ' The relay’s address is private: should it be?' : ''),
  );
}

/** The finding from asking a STUN server. */
export function ofStun(server, found) {
  const { candidates, errors, ms, thrown } = found;
  const mapped = candidates.find(({ type }) => type === 'srflx');
  if (mapped) {
    return works(server, `the server sees this browser at ${host(mapped)}, after ${mapped.ms} ms.`);
  }
  if (thrown || errors.length || ms > PROMPT || !candidates.length) {
    return fails(...withoutRelay(server, found));
  }
  return works(server, 'no NAT between this browser and the server.');
}

function works({ transport, tried }, words) {
  if (transport === tried) return { verdict: 'works', words };
  const [wanted, over] = [transport, tried].map((name) => name.toUpperCase());
  const hint = `Browsers do not use ${wanted} here: this was tried over ${over}.`;
  return { verdict: 'partly', label: `works over ${over} only`, words: `${words} ${hint}` };
}

function fails(rank, words) {
  return { verdict: 'fails', rank, words };
}

function blocked({ relay, foreign }, relayed) {
  const cause = foreign
    ? ', and its data comes from another address: is external-ip right?'
    : ': is external-ip right, are all peers denied (denied-peer-ip), are the relay ports ' +
      '(min-port to max-port) open for UDP?';
  const error = refusalOf(relayed);
  const second = error ? ` The server gives no second relay: ${refused(error)}` : '';
  return (
    `the server gives a relay (${host(relay)}), but nothing passes through it` +
    `${cause}${second}`
  );
}

function refusalOf({ refusal, errors }) {
  return refusal ?? errors.find(({ errorCode }) => errorCode !== 701);
}

/** The finding that TURN works in part. The headline shows only the reason. */
function half(where, trips, relayed) {
  const error = refusalOf(relayed);
  const reason = error
    ? `the server gives no second relay: ${refused(error)}`
    : 'nothing passes between two relays: is external-ip right, and may the server reach its own ' +
      'relay addresses (denied-peer-ip, firewall)?';
  const passed = trips.length ? `. Round trip: ${median(trips)} ms to a peer without a relay` : '';
  return { verdict: 'partly', rank: HALF, words: `${where}${passed}, but ${reason}`, reason };
}

function withoutRelay(server, { errors, ms, thrown, unknown }) {
  if (thrown) return [UNACCEPTED, unaccepted(server, thrown)];
  const error = errors.toSorted((a, b) => a.errorCode - b.errorCode)[0];
  if (error && error.errorCode !== 701) return [REFUSED, refused(error)];
  if (unknown) return [UNRESOLVED, unresolved(server)];
  if (ms > PROMPT) return [SILENT, silent(server, error, ms)];
  const other = error ? unconnected(server, error) : untried(server);
  if (FIREFOX && isLoopback(server)) return [SETTING, setting(other)];
  return [error ? UNCONNECTED : UNTRIED, other];
}

function unaccepted({ url, isTurn, username, credential }, thrown) {
  if (!SCHEME.test(url)) return 'an address must start with turn:, turns: or stun:.';
  if (isTurn && !(username && credential)) return 'TURN needs a username and a password.';
  return `this browser does not accept this server: ${thrown.replace(THROWER, '')}`;
}

function unresolved({ host }) {
  return `the name ${host} does not resolve: is it spelled right, and is it in the DNS?`;
}

function setting(other) {
  return (
    'Firefox uses a server on this machine only if media.peerconnection.ice.loopback is true in ' +
    `about:config. If it is: ${other}`
  );
}

function refused(error) {
  const [what, question] = REFUSALS[error.errorCode] ?? OTHER_REFUSAL;
  return `${what} (${told(error)}): ${question}`;
}

function silent({ tried, isTurn }, error, ms) {
  const carrier = tried === 'udp' ? 'UDP' : 'TCP';
  const questions = `is the server up, and does a firewall let ${carrier} through?`;
  const hint = FIREFOX && isTurn ? ' In Firefox, a refusal with 400 looks the same.' : '';
  return `no answer within ${Math.round(ms / 1000)} s: ${questions}${hint}`;
}

function unconnected(server, error) {
  const certificate = server.tried === 'tls' ? ', is the certificate valid' : '';
  return `no connection (${told(error)}): is the port open${certificate}?`;
}

function untried(server) {
  const ofFirefox =
    FIREFOX && isAddress(server) && server.tried === 'tls'
      ? ' For TLS, Firefox needs a name, not an IP address.'
      : '';
  return `this browser did not try: is it offline?${ofFirefox}`;
}

function told({ errorCode, errorText }) {
  return `${errorCode} ${errorText}`.trim().replace(/\.$/, '');
}

export function host({ address, port }) {
  return address?.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** The verdict on all TURN servers, in one sentence. */
export function summary(results) {
  const turn = results.filter(({ isTurn }) => isTurn);
  if (!turn.length) return stunOnly(results);
  const { good = [], bad = [] } = Object.groupBy(turn, ({ rank }) =>
    rank === undefined ? 'good' : 'bad',
  );
  const over = listed(good);
  if (!bad.length) return ['works', `TURN works: data passes over ${over}.`];
  const [worst] = bad.toSorted((a, b) => a.rank - b.rank);
  const why = worst.reason ?? worst.words;
  if (!good.length) {
    const most = turn.some(({ verdict }) => verdict === 'partly');
    if (most) return ['partly', `TURN works in part: ${why}`];
    return ['fails', `TURN does not work: ${why}`];
  }
  const lost = bad.filter(({ over }) => !good.some((other) => other.over === over));
  const where = lost.length ? `over ${listed(lost, 'disjunction')}` : 'with every server';
  return ['partly', `TURN works over ${over}, but not ${where}: ${why}`];
}

function stunOnly(results) {
  const bad = results.find(({ verdict }) => verdict === 'fails');
  if (bad) return ['fails', `STUN does not work: ${bad.words}`];
  return ['works', 'STUN works. No TURN server was checked.'];
}

function listed(results, type = 'conjunction') {
  return new Intl.ListFormat('en-GB', { type }).format(new Set(results.map(({ over }) => over)));
}
