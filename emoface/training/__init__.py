"""Training of everything in the default checkpoint: corpus, lip net, text, emotion binding and denoiser."""
