// Gets a login from the broker that serves this page.

const LIMIT = 15_000;

const ERRORS = {
  429: 'too many requests from your address',
  502: 'the TURN provider returned none',
  503: 'the token store does not answer',
};

/** The broker requires a client key, or a different one. */
export class KeyError extends Error {}

export async function fetchLogin(key, signal) {
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  const token = await ask('token', headers, signal, key);
  const tok = await token.text();
  const answer = await ask('ice', { ...headers, tok }, signal, key);
  const login = await answer.json().catch(() => null);
  if (!login?.iceServers?.every?.(isServer)) {
    return noLogin('the broker’s answer is not a list of ICE servers.');
  }
  return login;
}

function isServer(server) {
  return [server?.urls].flat().every((url) => typeof url === 'string');
}

async function ask(path, headers, run, key) {
  const signal = AbortSignal.any([run, AbortSignal.timeout(LIMIT)]);
  const response = await fetch(path, { headers, signal }).catch(() =>
    noLogin('the broker does not answer. Is it running?'),
  );
  if (response.ok) return response;
  if (response.status !== 401) return noLogin(await refusal(response));
  if (path === 'token') throw new KeyError(`No TURN login: ${unauthorized(key)}`);
  return noLogin(
    'the broker refuses its own token (401). Do several brokers run with different keys or stores?',
  );
}

function noLogin(reason) {
  throw new Error(`No TURN login: ${reason}`);
}

function unauthorized(key) {
  if (key) return 'the broker refuses this client key (401).';
  if (isSecureContext) return 'the broker requires a client key (401).';
  return (
    'the broker requires a client key, unless you open this page over HTTPS or at localhost ' +
    '(401).'
  );
}

async function refusal(response) {
  const { status, headers } = response;
  const body = await response.json().catch(() => null);
  const what = body?.error
    ? (ERRORS[status] ?? body.error)
    : 'the broker, or a proxy in front of it, failed';
  const seconds = headers.get('retry-after');
  return `${what} (${status}).${seconds ? ` Try again in ${seconds} s.` : ''}`;
}
