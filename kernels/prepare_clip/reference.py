"""What a clip contributes to all steps of a denoiser as plain PyTorch."""

import torch.nn.functional as F
from torch import Tensor


def prepare_clip(
    content: Tensor, positions: Tensor, content_style: Tensor, emotion: Tensor, emotion_style: Tensor,
    speech_weight: Tensor, speech_bias: Tensor, query_weight: Tensor, query_bias: Tensor, first_weight: Tensor,
    first_bias: Tensor, second_weight: Tensor, second_bias: Tensor, style_weight: Tensor, style_bias: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """What a window needs once, before its steps: speech, queries of all blocks, and AdaIN styles of all emotions.

    Args: content (U, T, F); positions (T, C); content_style (U, C); emotion (E, Z); emotion_style (E, C); weights and
    biases. Returns (U, T, C), (U, L, T, C) and (E, L, 2, C).
    Arguments are checked by :func:`emoface.kernels.prepare_clip`.
    """
    blocks, channels = query_bias.shape
    placed = F.linear(content, speech_weight, speech_bias) + positions  # (U, T, C)
    queries = F.linear(placed, query_weight.flatten(0, 1), query_bias.flatten())  # (U, T, L C)
    hidden = F.gelu(F.linear(emotion, first_weight, first_bias))  # (E, C)
    mapped = F.linear(hidden, second_weight, second_bias) + emotion_style  # (E, C)
    styles = F.linear(mapped, style_weight.flatten(0, 1), style_bias.flatten())  # (E, L 2 C)
    return (
        placed + content_style[:, None],
        queries.unflatten(-1, (blocks, channels)).transpose(1, 2),
        styles.unflatten(-1, (blocks, 2, channels)),
    )
