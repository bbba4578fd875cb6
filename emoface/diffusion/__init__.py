"""The diffusion model: schedule, samplers, guidance, denoiser and the loop over windows."""
