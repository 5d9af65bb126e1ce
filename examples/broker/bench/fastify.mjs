import fastify from 'fastify';

import { headers, permits, server, token } from './contract.mjs';

const app = fastify({ logger: process.env.LOG === 'on' });
app.addHook('onRequest', async (request, reply) => {
    if (!permits(request.headers.origin)) return reply.code(401).send();
    reply.headers(headers);
});
app.get('/token', async () => token());
app.put('/token', async (request, reply) => {
    const found = server(request.headers.tok);
    return found ?? reply.code(401).send();
});
app.get('/ice', async (request, reply) => {
    const found = server(request.headers.tok);
    return found ? { iceServers: [found], ttl: 3600 } : reply.code(401).send();
});
await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' });
