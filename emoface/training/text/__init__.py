"""The prompt encoder: generated prompts, soft labels and distillation."""
