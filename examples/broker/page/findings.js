// What the checks of a server found, in words.

import { isAddress, isLoopback } from './servers.js';

// What takes longer than this had no answer; a refused connection is known at once.
const PROMPT = 5_000;

const PRIVATE = /^(10|127|169\.254|172\.(1[6-9]|2\d|3[01])|192\.168)\.|^(::1$|f[cde])/;

const FIREFOX = navigator.userAgent.includes('Firefox/');

const REFUSALS = {
  400: ['the TURN server refuses the request', 'is the login wrong, too old, or oddly named?'],
  401: [
    'the TURN server refuses the login',
    'does it have the same secret, and is its clock right?',
  ],
  403: ['the TURN server refuses this browser', 'does it deny this network?'],
  486: ['this login has as many relays as it may have', 'is the quota of a user too small?'],
  508: ['the TURN server has no relay left', 'are its ports, or its quota, too few?'],
};

const OTHER_REFUSAL = ['the TURN server gives no relay', 'what does its log say?'];

// The most telling first: the headline shows it.
const [BLOCKED, HALF, REFUSED, UNACCEPTED, SETTING, UNRESOLVED, UNCONNECTED, SILENT, UNTRIED] =
  Array(9).keys();

/** What came of a call through a relay to a peer without one, and of a call between two relays. */
export function ofTurn(server, direct, relayed) {
  if (!direct.relay) return fails(...withoutRelay(server, direct));
  const toRelay = relayed.trips;
  const toPeer = direct.foreign && !toRelay.length ? [] : direct.trips;
  const where = `a relay at ${host(direct.relay)} after ${direct.relay.ms} ms`;
  if (!toPeer.length && !toRelay.length) return fails(BLOCKED, blocked(direct, relayed));
  if (!toRelay.length) return { verdict: 'partly', rank: HALF, words: half(where, direct, relayed) };
  const passed = toPeer.length ? `${median(toPeer)} ms to a peer without a relay, ` : '';
  const words =
    `${where}. Round trips: ${passed}${median(toRelay)} ms between two relays.` +
    (toPeer.length ? '' : ' Nothing passed to a peer without a relay: a NAT or a denied network.') +
    (PRIVATE.test(direct.relay.address) ? ' The relay’s address is private: should it be?' : '');
  if (server.transport !== 'dtls') return { verdict: 'works', words };
  const hint = 'No browser speaks DTLS: this was tried over TLS.';
  return { verdict: 'partly', label: 'works over TLS only', words: `${words} ${hint}` };
}

/** What came of asking a STUN server. */
export function ofStun(server, found) {
  const { candidates, errors, ms, thrown } = found;
  const mapped = candidates.find(({ type }) => type === 'srflx');
  if (mapped) return works(`the server sees this browser at ${host(mapped)}, after ${mapped.ms} ms.`);
  if (thrown || errors.length || ms > PROMPT || !candidates.length) {
    return fails(...withoutRelay(server, found));
  }
  return works('no NAT between this browser and the server.');
}

function works(words) {
  return { verdict: 'works', words };
}

function fails(rank, words) {
  return { verdict: 'fails', rank, words };
}

function blocked({ relay, foreign }, relayed) {
  const cause = foreign
    ? 'data comes from another address. Is external-ip right?'
    : 'is external-ip right, are all peers denied (denied-peer-ip), are the relay ports ' +
      '(min-port to max-port) open for UDP?';
  const error = refusalOf(relayed);
  const second = error ? ` A second relay is not given: ${refused(error)}` : '';
  return `a relay is given (${host(relay)}), but nothing passes through it: ${cause}${second}`;
}

function refusalOf({ refusal, errors }) {
  return refusal ?? errors.find(({ errorCode }) => errorCode !== 701);
}

function half(where, { trips }, relayed) {
  const passed = `${where}. Round trip: ${median(trips)} ms to a peer without a relay`;
  const error = refusalOf(relayed);
  if (error) return `${passed}, but no second relay: ${refused(error)}`;
  return (
    `${passed}, but nothing passes between two relays: is external-ip right, and may the server ` +
    'reach its own relay addresses (denied-peer-ip, firewall)?'
  );
}

function withoutRelay(server, { errors, ms, thrown, unknown }) {
  if (thrown) return [UNACCEPTED, `this browser does not accept the address: ${thrown}`];
  const error = errors.toSorted((a, b) => a.errorCode - b.errorCode)[0];
  if (error && error.errorCode !== 701) return [REFUSED, refused(error)];
  if (unknown) return [UNRESOLVED, unresolved(server)];
  if (ms > PROMPT) return [SILENT, silent(server, error, ms)];
  const other = error ? unconnected(server, error) : untried(server);
  if (FIREFOX && isLoopback(server)) return [SETTING, setting(other)];
  return [error ? UNCONNECTED : UNTRIED, other];
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

function silent({ transport, isTurn }, error, ms) {
  const carrier = transport === 'udp' ? 'UDP' : 'TCP';
  const questions = `is the server up, and does a firewall let ${carrier} through?`;
  const hint = FIREFOX && isTurn ? ' In Firefox, a refusal with 400 looks the same.' : '';
  return `no answer within ${Math.round(ms / 1000)} s: ${questions}${hint}`;
}

function unconnected(server, error) {
  const certificate = server.transport.endsWith('tls') ? ', is the certificate good' : '';
  return `no connection (${told(error)}): is the port open${certificate}?`;
}

function untried(server) {
  const ofFirefox =
    FIREFOX && isAddress(server) && server.transport.endsWith('tls')
      ? ' For TLS, Firefox wants a name, not an IP address.'
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
  if (!good.length) {
    const most = turn.some(({ verdict }) => verdict === 'partly');
    if (most) return ['partly', `TURN works in part: ${worst.words}`];
    return ['fails', `TURN does not work: ${worst.words}`];
  }
  const lost = bad.filter(({ over }) => !good.some((other) => other.over === over));
  const where = lost.length ? `over ${listed(lost, 'disjunction')}` : 'with every server';
  return ['partly', `TURN works over ${over}, but not ${where}: ${worst.words}`];
}

function stunOnly(results) {
  const bad = results.find(({ verdict }) => verdict === 'fails');
  if (bad) return ['fails', `STUN does not work: ${bad.words}`];
  return ['works', 'STUN works. No TURN server was checked.'];
}

function listed(results, type = 'conjunction') {
  return new Intl.ListFormat('en-GB', { type }).format(new Set(results.map(({ over }) => over)));
}
