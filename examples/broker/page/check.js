const LIMIT = 15_000;

// Some errors are reported just after the gathering is complete.
const GRACE = 500;

// What takes longer than this had no answer; a refused connection is known at once.
const PROMPT = 5_000;

const PRIVATE = /^(10|127|169\.254|172\.(1[6-9]|2\d|3[01])|192\.168)\.|^(::1$|f[cde])/;

// Browsers try TLS over TCP where a URI asks for DTLS.
const TRIED_OVER = { udp: 'UDP', tcp: 'TCP', tls: 'TLS', dtls: 'TLS' };

const BROKER_ERRORS = {
  429: 'too many requests from your address',
  502: 'the TURN provider gives none',
  503: 'the token store fails',
};

const TURN_ERRORS = {
  400: ['the TURN server refuses the request', 'is the login wrong, too old, or oddly named?'],
  401: [
    'the TURN server refuses the login',
    'is its secret the broker’s, and does its clock agree?',
  ],
  486: ['the login has as many relays as it may have', 'is the quota of a user too small?'],
  508: ['the TURN server has no relay left', 'are its ports, or its quota, too few?'],
};

const OTHER_ERROR = ['the TURN server gives no relay', 'what does its log say?'];

const element = (selector) => document.querySelector(selector);

let current = new AbortController();

element('form').addEventListener('submit', (event) => {
  event.preventDefault();
  check();
});
check();

async function check() {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  element('#answer').hidden = true;
  try {
    if (!globalThis.RTCPeerConnection) throw new Error('This browser has no WebRTC.');
    conclude('checking', 'Asking the broker for a login…');
    const login = await fetchLogin(signal);
    const servers = turnServers(login);
    showAnswer(login);
    conclude('checking', 'Asking the TURN servers for relays…');
    const results = await Promise.all(servers.map((server) => checkServer(server, signal)));
    signal.throwIfAborted();
    conclude(...summary(results));
  } catch (error) {
    if (!signal.aborted) conclude('fails', error.message);
  }
}

function conclude(verdict, words) {
  const output = element('#verdict');
  output.dataset.verdict = verdict;
  output.textContent = words;
}

async function fetchLogin(signal) {
  const key = element('#key').value;
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  const token = await ask('token', headers, signal);
  const tok = await token.text();
  const answer = await ask('ice', { ...headers, tok }, signal);
  return answer.json().catch(() => noLogin('the broker’s answer is not JSON.'));
}

async function ask(path, headers, run) {
  const signal = AbortSignal.any([run, AbortSignal.timeout(LIMIT)]);
  const response = await fetch(path, { headers, signal }).catch(() =>
    noLogin('the broker does not answer. Is it running?'),
  );
  if (response.ok) return response;
  return noLogin(response.status === 401 ? unauthorized(path) : await refusal(response));
}

function noLogin(reason) {
  throw new Error(`No TURN login: ${reason}`);
}

function unauthorized(path) {
  if (path === 'ice') {
    return 'the broker refuses its own token (401). Do several run without a common key or store?';
  }
  element('#client').hidden = false;
  if (element('#key').value) return 'the broker refuses this client key (401).';
  if (isSecureContext) return 'the broker wants a client key (401).';
  return 'the broker wants this page opened with https or at localhost, or a client key (401).';
}

async function refusal(response) {
  const { status, headers } = response;
  const body = await response.json().catch(() => null);
  const what = (body?.error && BROKER_ERRORS[status]) ?? 'the broker, or a proxy before it, fails';
  const why = body?.error ? `: ${body.error}` : '';
  const seconds = headers.get('retry-after');
  return `${what} (${status})${why}.${seconds ? ` Try again in ${seconds} s.` : ''}`;
}

function turnServers({ iceServers = [] }) {
  const servers = iceServers.flatMap(({ urls, ...login }) =>
    [urls].flat().map((url) => ({ ...login, urls: url })),
  );
  const turn = servers.filter(({ urls }) => /^turns?:/i.test(urls));
  if (!turn.length) throw new Error('TURN does not work: the broker names no TURN server.');
  return turn;
}

function showAnswer({ ttl }) {
  const expiry = new Date(Date.now() + ttl * 1000);
  const time = element('time');
  time.dateTime = expiry.toISOString();
  time.textContent = expiry.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
  element('tbody').replaceChildren();
  element('#answer').hidden = false;
}

async function checkServer(server, signal) {
  const transport = transportOf(server.urls);
  const row = addRow(server.urls, transport);
  const { verdict, words } = await attempt(server, signal).then(
    (outcome) => judge(outcome, transport),
    ({ message }) => fails(`this browser does not accept it: ${message}`),
  );
  row.dataset.verdict = verdict;
  row.querySelector('strong').textContent = verdict;
  row.querySelector('td span').textContent = words;
  return { verdict, words, transport: TRIED_OVER[transport] };
}

function transportOf(url) {
  const secure = /^turns:/i.test(url);
  const [, named] = /\?transport=(udp|tcp)/i.exec(url) ?? [];
  const carrier = named?.toLowerCase() ?? (secure ? 'tcp' : 'udp');
  return secure ? { tcp: 'tls', udp: 'dtls' }[carrier] : carrier;
}

function addRow(url, transport) {
  const row = element('template').content.firstElementChild.cloneNode(true);
  Object.assign(row.dataset, { url, transport });
  row.querySelector('th span').textContent = `TURN over ${transport.toUpperCase()}`;
  row.querySelector('code').textContent = url;
  element('tbody').append(row);
  return row;
}

async function attempt(server, signal) {
  const peer = new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: 'relay' });
  try {
    const outcome = firstOutcome(peer, signal);
    peer.createDataChannel('check');
    await peer.setLocalDescription();
    return await outcome;
  } finally {
    peer.close();
  }
}

function firstOutcome(peer, signal) {
  const start = performance.now();
  const errors = [];
  return new Promise((resolve) => {
    const end = (found) => resolve({ ...found, errors, elapsed: performance.now() - start });
    peer.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate?.type === 'relay') end({ candidate });
    });
    peer.addEventListener('icecandidateerror', (error) => {
      errors.push(error);
      if ([400, 401].includes(error.errorCode)) end();
    });
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState === 'complete') setTimeout(end, GRACE);
    });
    signal.addEventListener('abort', () => end());
    setTimeout(end, LIMIT);
  });
}

function judge({ candidate, errors, elapsed }, transport) {
  const [error] = errors.toSorted((a, b) => a.errorCode - b.errorCode);
  const result = candidate ? works(candidate, elapsed) : fails(reason(error, elapsed, transport));
  const hint = transport === 'dtls' ? ' Browsers try this address over TLS only.' : '';
  return { ...result, words: result.words + hint };
}

function works({ address, port }, elapsed) {
  const host = address.includes(':') ? `[${address}]` : address;
  const words = `a relay at ${host}:${port}, after ${Math.round(elapsed)} ms.`;
  const hint = PRIVATE.test(address) ? ' This address is private: should it be?' : '';
  return { verdict: 'works', words: words + hint };
}

function fails(words) {
  return { verdict: 'fails', words };
}

function reason(error, elapsed, transport) {
  if (error && error.errorCode !== 701) return refused(error);
  if (elapsed > PROMPT) return silent(error, elapsed, transport);
  return error ? unconnected(error, transport) : untried();
}

function refused(error) {
  const [what, question] = TURN_ERRORS[error.errorCode] ?? OTHER_ERROR;
  return `${what} (${told(error)}): ${question}`;
}

function silent(error, elapsed, transport) {
  const time = `${Math.round(elapsed / 1000)} s`;
  const carrier = transport === 'udp' ? 'UDP' : 'TCP';
  const questions = `is the server up, and does a firewall let ${carrier} through?`;
  const hint = error ? ` In Firefox (${told(error)}), a refusal with 400 looks the same.` : '';
  return `no answer within ${time}: ${questions}${hint}`;
}

function unconnected(error, transport) {
  const certificate = transport.endsWith('tls') ? ', is the certificate good' : '';
  return `no connection (${told(error)}): is the name right, is the port open${certificate}?`;
}

function untried() {
  return 'this browser did not try: is it offline? For TLS, Firefox takes no IP address.';
}

function told({ errorCode, errorText }) {
  return `${errorCode} ${errorText}`.trim().replace(/\.$/, '');
}

function summary(results) {
  const { works: good = [], fails: bad = [] } = Object.groupBy(results, ({ verdict }) => verdict);
  const over = transports(good);
  const lost = transports(bad).filter((transport) => !over.includes(transport));
  if (!bad.length) return ['works', `TURN works: over ${listed(over, 'conjunction')}.`];
  if (!good.length) return ['fails', `TURN does not work: ${commonReason(bad)}`];
  const where = lost.length ? `over ${listed(lost, 'disjunction')}` : 'with every server';
  return ['partly', `TURN works over ${listed(over, 'conjunction')}, but not ${where}.`];
}

function transports(results) {
  return [...new Set(results.map(({ transport }) => transport))];
}

function listed(words, type) {
  return new Intl.ListFormat('en-GB', { type }).format(words);
}

function commonReason(results) {
  const reasons = new Set(results.map(({ words }) => words));
  return reasons.size === 1 ? [...reasons][0] : 'no server gives a relay.';
}
