import module from './pkg/worker_bg.wasm';
import { answer, initSync } from './pkg/worker.js';

initSync({ module });

export default { fetch: (request, env) => answer(request, env) };
