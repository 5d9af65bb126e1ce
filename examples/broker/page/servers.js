// STUN and TURN servers, each with one address.

const ADDRESS =
  /^(?<scheme>stuns?|turns?):(?<host>\[[^\]]+\]|[^:?[\]]+)(?::(?<port>\d+))?(?:\?transport=(?<carrier>udp|tcp))?$/i;

// What browsers use if the address asks for TLS or DTLS: TLS for TURN; for STUN, Chromium uses UDP.
const TRIED = { true: 'tls', false: 'udp' };

/** Each address of these ICE servers, with its login. */
export function serversOf(iceServers) {
  return iceServers.flatMap(({ urls, username, credential }) =>
    [urls].flat().map((url) => ({ url, username, credential, ...parts(url) })),
  );
}

function parts(url) {
  const { scheme = '', host = '', port, carrier } = ADDRESS.exec(url)?.groups ?? {};
  const secure = /s$/i.test(scheme);
  const over = carrier?.toLowerCase() ?? (secure ? 'tcp' : 'udp');
  const transport = secure ? { tcp: 'tls', udp: 'dtls' }[over] : over;
  const isTurn = /^turn/i.test(url);
  return {
    isTurn,
    host: host.toLowerCase(),
    port: Number(port ?? (secure ? 5349 : 3478)),
    transport,
    tried: secure ? TRIED[isTurn] : over,
  };
}

export function iceServer({ url, username, credential }) {
  return username && credential ? { urls: url, username, credential } : { urls: url };
}

/** A peer without a relay needs STUN: every TURN server over UDP is a STUN server too. */
export function stunServers(servers) {
  const urls = servers
    .filter(({ host, transport }) => host && transport === 'udp')
    .map(({ host, port }) => `stun:${host}:${port}`);
  return urls.length ? [{ urls: [...new Set(urls)].slice(0, 2) }] : [];
}

/** Whether networks that allow only outbound web traffic let this server through. */
export function passesStrictFirewalls({ isTurn, transport, port }) {
  return isTurn && transport === 'tls' && port === 443;
}

export function isLoopback({ host }) {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(host);
}

export function isAddress({ host }) {
  return /^(\[.*\]|\d+(\.\d+){3})$/.test(host);
}
