"""Programs that compile kernels for GPUs without one and report what each takes."""
