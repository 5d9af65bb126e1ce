# Runs the Worker on this machine: `workerd serve workerd.capnp`. Its variables and secrets come from
# the environment of workerd.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "broker", worker = .broker),
    # Allows a gateway on this machine or its network, in place of Xirsys's.
    (name = "internet", network = (
      allow = ["public", "private"],
      tlsOptions = (trustBrowserCas = true),
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "broker")],
);

const broker :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "pkg/worker.js", esModule = embed "pkg/worker.js"),
    (name = "pkg/worker_bg.wasm", wasm = embed "pkg/worker_bg.wasm"),
  ],
  compatibilityDate = "2026-11-01",
  bindings = [
    (name = "BROKER_CLIENT_KEY", fromEnvironment = "BROKER_CLIENT_KEY"),
    (name = "BROKER_ORIGIN", fromEnvironment = "BROKER_ORIGIN"),
    (name = "BROKER_TOKEN_KEY", fromEnvironment = "BROKER_TOKEN_KEY"),
    (name = "BROKER_TTL", fromEnvironment = "BROKER_TTL"),
    (name = "BROKER_TURN_URI", fromEnvironment = "BROKER_TURN_URI"),
    (name = "TURN_SECRET", fromEnvironment = "TURN_SECRET"),
    (name = "XIRSYS_CHANNEL", fromEnvironment = "XIRSYS_CHANNEL"),
    (name = "XIRSYS_GATEWAY", fromEnvironment = "XIRSYS_GATEWAY"),
    (name = "XIRSYS_IDENT", fromEnvironment = "XIRSYS_IDENT"),
    (name = "XIRSYS_SECRET", fromEnvironment = "XIRSYS_SECRET"),
  ],
);
