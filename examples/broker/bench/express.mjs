import express from 'express';

import { headers, permits, server, token } from './contract.mjs';

const app = express();
app.disable('x-powered-by');
app.set('etag', false);
app.use((request, response, next) => {
    if (!permits(request.get('origin'))) return response.status(401).end();
    response.set(headers);
    next();
});
app.get('/token', (_, response) => response.type('text').send(token()));
app.put('/token', (request, response) => {
    const found = server(request.get('tok'));
    return found ? response.json(found) : response.status(401).end();
});
app.get('/ice', (request, response) => {
    const found = server(request.get('tok'));
    return found ? response.json({ iceServers: [found], ttl: 3600 }) : response.status(401).end();
});
app.listen(Number(process.argv[2]), '127.0.0.1');
