"""Prints each relay candidate that GStreamer gathers with the TURN URI on its standard input, or
`malformed`."""

import os
import sys

import gi

for namespace in ["Gst", "GstSdp", "GstWebRTC"]:
    gi.require_version(namespace, "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: F401 (the offer holds a GstSdp)

LIMIT = 15

Gst.init(None)
loop = GLib.MainLoop()
pipeline = Gst.Pipeline()
webrtc = Gst.ElementFactory.make("webrtcbin")
webrtc.set_property("ice-transport-policy", GstWebRTC.WebRTCICETransportPolicy.RELAY)
# libnice uses loopback only when told to.
agent = webrtc.get_property("ice-agent")
agent.emit("add-local-ip-address", "127.0.0.1")
pipeline.add(webrtc)
if not webrtc.emit("add-turn-server", sys.stdin.readline().strip()):
    print("malformed", flush=True)
    os._exit(0)


def on_candidate(_, line, candidate):
    if " typ relay " in candidate:
        print(candidate, flush=True)


def on_gathering(*_):
    complete = GstWebRTC.WebRTCICEGatheringState.COMPLETE
    if webrtc.get_property("ice-gathering-state") == complete:
        loop.quit()


webrtc.connect("on-ice-candidate", on_candidate)
webrtc.connect("notify::ice-gathering-state", on_gathering)
pipeline.set_state(Gst.State.READY)
webrtc.emit("create-data-channel", "any", None)
pipeline.set_state(Gst.State.PLAYING)
promise = Gst.Promise.new()
webrtc.emit("create-offer", None, promise)
promise.wait()
reply = promise.get_reply()
webrtc.emit("set-local-description", reply.get_value("offer"), None)
GLib.timeout_add_seconds(LIMIT, loop.quit)
loop.run()
# GStreamer 1.22 returns its agent without a reference, but Python would still drop one at exit.
os._exit(0)
