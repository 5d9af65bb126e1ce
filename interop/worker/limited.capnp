# The Worker with a rate limit.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "broker", worker = .broker),
    (name = "limiter", worker = (
      modules = [(name = "limiter.mjs", esModule = embed "limiter.mjs")],
      compatibilityDate = "2026-11-01",
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "broker")],
);

const broker :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "../../examples/worker/worker.mjs"),
    (name = "pkg/worker.js", esModule = embed "../../examples/worker/pkg/worker.js"),
    (name = "pkg/worker_bg.wasm", wasm = embed "../../examples/worker/pkg/worker_bg.wasm"),
  ],
  compatibilityDate = "2026-11-01",
  bindings = [
    (name = "BROKER_ORIGIN", fromEnvironment = "BROKER_ORIGIN"),
    (name = "BROKER_TOKEN_KEY", fromEnvironment = "BROKER_TOKEN_KEY"),
    (name = "BROKER_TURN_URI", fromEnvironment = "BROKER_TURN_URI"),
    (name = "TURN_SECRET", fromEnvironment = "TURN_SECRET"),
    (name = "RATE_LIMITER", service = (name = "limiter", entrypoint = "Limiter")),
  ],
);
