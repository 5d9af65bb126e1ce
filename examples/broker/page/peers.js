// Two peers in this page, and what passes between them.

// How long a relay, then data through it, and a name lookup may take, in milliseconds.
export const RELAY_LIMIT = 15_000;
export const DATA_LIMIT = 6_000;
const LOOKUP_LIMIT = 3_000;

// How long to wait for errors that are reported just after the gathering is complete.
const GRACE = 500;

const TRIPS = 5;

/** Lets a peer with the first configuration call one with the second; returns what was found. */
export function call(caller, callee, signal, onRelay = () => {}) {
  return attempt([caller, callee], signal, async (peers, found, resolve) => {
    const [from, to] = peers;
    from.addEventListener('icecandidate', () => {
      if (found.relay) return;
      found.relay = found.candidates.find(({ type }) => type === 'relay');
      if (!found.relay) return;
      setTimeout(resolve, DATA_LIMIT);
      onRelay();
    });
    for (const peer of peers) {
      peer.addEventListener('icecandidateerror', ({ errorCode }) => {
        if ([400, 401].includes(errorCode) && !found.relay) resolve();
      });
    }
    to.addEventListener('icecandidateerror', ({ errorCode, errorText, url }) => {
      if (errorCode !== 701) found.refusal ??= { errorCode, errorText, url };
    });
    echo(to);
    from.createDataChannel('check').addEventListener('open', ({ target }) =>
      measure(target, found.trips).then(resolve),
    );
    trickle(from, to);
    await negotiate(from, to);
  });
}

/** What a single peer gathers with this configuration. */
export function gather(configuration, signal) {
  return attempt([configuration], signal, async ([peer], { candidates }, resolve) => {
    peer.addEventListener('icecandidate', () => {
      if (candidates.some(({ type }) => type === 'srflx')) resolve();
    });
    peer.createDataChannel('check');
    await peer.setLocalDescription();
  });
}

/**
 * Returns what the first peer finds until `begin` calls `resolve`, gathering is complete without a
 * relay, or no relay is found in time.
 */
async function attempt(configurations, signal, begin) {
  const found = { candidates: [], errors: [], trips: [] };
  const start = performance.now();
  const peers = [];
  try {
    signal.throwIfAborted();
    for (const configuration of configurations) peers.push(new RTCPeerConnection(configuration));
    observe(peers[0], found, start);
    await new Promise((resolve, reject) => {
      onComplete(peers[0], () => {
        found.complete = true;
        if (!found.relay) resolve();
      });
      signal.addEventListener('abort', resolve);
      setTimeout(() => found.relay || resolve(), RELAY_LIMIT);
      begin(peers, found, resolve).catch(reject);
    });
    found.foreign = await isForeign(peers.at(-1));
  } catch (error) {
    found.thrown = error.message;
  } finally {
    peers.forEach((peer) => peer.close());
  }
  return { ...found, ms: elapsed(start) };
}

/**
 * Whether the name does not resolve: browsers then give up at once. For an answer over UDP from a
 * name that resolves, they wait long.
 */
export async function isUnknown(host, signal) {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOKUP_LIMIT)]);
  const { complete, errors } = await gather({ iceServers: [{ urls: `stun:${host}` }] }, limit);
  return Boolean(complete && errors.length);
}

function elapsed(start) {
  return Math.round(performance.now() - start);
}

function observe(peer, { candidates, errors }, start) {
  peer.addEventListener('icecandidate', ({ candidate }) => {
    if (!candidate?.candidate) return;
    const { type, address, port, protocol, relayProtocol } = candidate;
    candidates.push({ type, address, port, protocol, relayProtocol, ms: elapsed(start) });
  });
  peer.addEventListener('icecandidateerror', ({ errorCode, errorText, url }) =>
    errors.push({ errorCode, errorText, url, ms: elapsed(start) }),
  );
}

function onComplete(peer, then) {
  peer.addEventListener('icegatheringstatechange', () => {
    if (peer.iceGatheringState === 'complete') setTimeout(then, GRACE);
  });
}

function echo(peer) {
  peer.addEventListener('datachannel', ({ channel }) =>
    channel.addEventListener('message', ({ data }) => channel.send(data)),
  );
}

async function measure(channel, trips) {
  while (trips.length < TRIPS) {
    const start = performance.now();
    const back = new Promise((resolve) =>
      channel.addEventListener('message', resolve, { once: true }),
    );
    channel.send('there and back');
    await back;
    trips.push(Math.round((performance.now() - start) * 10) / 10);
  }
}

function trickle(caller, callee) {
  const pass = (from, to) =>
    from.addEventListener('icecandidate', ({ candidate }) =>
      // Ignores a candidate that the other peer does not accept.
      to.addIceCandidate(candidate).catch(() => {}),
    );
  pass(caller, callee);
  pass(callee, caller);
}

async function negotiate(caller, callee) {
  await caller.setLocalDescription();
  await callee.setRemoteDescription(caller.localDescription);
  await callee.setLocalDescription();
  await caller.setRemoteDescription(callee.localDescription);
}

/** Whether data comes from an address that the other peer did not name. */
async function isForeign(peer) {
  const stats = await peer.getStats();
  return [...stats.values()].some(
    ({ bytesReceived, remoteCandidateId }) =>
      bytesReceived && stats.get(remoteCandidateId)?.candidateType === 'prflx',
  );
}
