// What both servers do: a stateless token, and a login made from coturn's secret.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const ORIGIN = 'https://app.example.org';
const URLS = ['turn:turn.example.org:3478?transport=udp', 'turns:turn.example.org:443?transport=tcp'];
const tokenKey = randomBytes(32);
const secret = process.env.TURN_SECRET;

const now = () => Math.floor(Date.now() / 1000);
const sign = (text) => createHmac('sha256', tokenKey).update(text).digest();

export const permits = (origin) => origin === ORIGIN;
export const headers = {
    'access-control-allow-origin': ORIGIN,
    'cache-control': 'no-store',
    vary: 'origin',
};

export function token() {
    const claims = `${now() + 3600}.${randomBytes(8).toString('hex')}`;
    return `${claims}.${sign(claims).toString('base64url')}`;
}

/** The ICE server for the token's bearer; nothing for a wrong or old token. */
export function server(token = '') {
    const [expiry, name, mac] = token.split('.');
    const shown = Buffer.from(mac ?? '', 'base64url');
    const right = sign(`${expiry}.${name}`);
    if (shown.length !== right.length || !timingSafeEqual(shown, right) || expiry < now()) return;
    const username = `${now() + 3600}:${name}`;
    const credential = createHmac('sha1', secret).update(username).digest('base64');
    return { urls: URLS, username, credential };
}
