"""The service: many voices in, the motion of their faces out, over WebSocket, HTTP and gRPC.

:func:`emoface.serve.run.serve` starts it, and ``emoface serve`` calls that. Needs ``pip install emoface[serve]``; gRPC
needs ``emoface[grpc]`` too. ``docs/serve.md`` describes what clients send and get.
"""
