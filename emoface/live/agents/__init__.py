"""Faces for voice agents: ``pipecat`` has a processor, ``livekit`` an output; each needs the extra of its name."""
