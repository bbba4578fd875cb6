"""What a clip contributes to every step of a denoiser: speech added to the input, audio queries, emotion styles."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES


def _fake(content: Tensor, *rest: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    speeches, time, _ = content.shape
    blocks, channels = rest[7].shape
    return (
        content.new_empty((speeches, time, channels)),
        content.new_empty((speeches, blocks, time, channels)),
        content.new_empty((rest[2].shape[0], blocks, 2, channels)),
    )


def _check(
    content: Tensor, positions: Tensor, content_style: Tensor, emotion: Tensor, emotion_style: Tensor,
    speech_weight: Tensor, speech_bias: Tensor, query_weight: Tensor, query_bias: Tensor, first_weight: Tensor,
    first_bias: Tensor, second_weight: Tensor, second_bias: Tensor, style_weight: Tensor, style_bias: Tensor,
) -> None:  # fmt: skip
    op = "prepare_clip"
    speeches, time, features = check.first(op, "content", content, "UTF")
    emotions, width = check.first(op, "emotion", emotion, "EZ")
    blocks, channels = check.first(op, "query_bias", query_bias, "LC")
    check.like(op, "positions", positions, "(T, C)", (time, channels), content)
    check.like(op, "content_style", content_style, "(U, C)", (speeches, channels), content)
    check.like(op, "emotion", emotion, "(E, Z)", (emotions, width), content)
    check.like(op, "emotion_style", emotion_style, "(E, C)", (emotions, channels), content)
    check.linear(op, "speech", speech_weight, speech_bias, "(C, F)", (channels, features), content)
    check.linear(op, "query", query_weight, query_bias, "(L, C, C)", (blocks, channels, channels), content)
    check.linear(op, "first", first_weight, first_bias, "(C, Z)", (channels, width), content)
    check.linear(op, "second", second_weight, second_bias, "(C, C)", (channels, channels), content)
    check.linear(op, "style", style_weight, style_bias, "(L, 2C, C)", (blocks, 2 * channels, channels), content)


OP = KernelOp(
    "prepare_clip",
    "(Tensor content, Tensor positions, Tensor content_style, Tensor emotion, Tensor emotion_style, "
    "Tensor speech_weight, Tensor speech_bias, Tensor query_weight, Tensor query_bias, Tensor first_weight, "
    "Tensor first_bias, Tensor second_weight, Tensor second_bias, Tensor style_weight, Tensor style_bias) "
    "-> (Tensor, Tensor, Tensor)",
    reference=reference.prepare_clip,
    fake=_fake,
    check=_check,
    cases=CASES,
    backends=[triton_backend("prepare_clip"), native.CPU_BACKEND],
)


def prepare_clip(
    content: Tensor, positions: Tensor, content_style: Tensor, emotion: Tensor, emotion_style: Tensor,
    speech_weight: Tensor, speech_bias: Tensor, query_weight: Tensor, query_bias: Tensor, first_weight: Tensor,
    first_bias: Tensor, second_weight: Tensor, second_bias: Tensor, style_weight: Tensor, style_bias: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Everything of a denoiser that depends on the clip and not on the noisy motion::

        placed = content W_speech^T + b + positions,    speech = placed + content_style
        queries_l = placed W_query,l^T + b_l
        mapped = GELU(emotion W_first^T + b) W_second^T + b + emotion_style
        styles_l = mapped W_style,l^T + b_l              (l = 1..L, the blocks)

    Args:
        content (Tensor): (U, T, F), U different speeches, float32, bfloat16, float16 or float64, any strides.
        positions (Tensor): (T, C), added to every speech, dtype of content.
        content_style (Tensor): (U, C), speaking style of each speech, dtype of content.
        emotion (Tensor): (E, Z), E emotions, dtype of content.
        emotion_style (Tensor): (E, C), speaking style of each emotion, dtype of content.
        speech_weight, speech_bias (Tensor): (C, F), (C,), dtype of content.
        query_weight, query_bias (Tensor): (L, C, C), (L, C), dtype of content.
        first_weight, first_bias (Tensor): (C, Z), (C,), dtype of content.
        second_weight, second_bias (Tensor): (C, C), (C,), dtype of content.
        style_weight, style_bias (Tensor): (L, 2C, C), (L, 2C), dtype of content.

    Returns:
        tuple[Tensor, Tensor, Tensor]: speech (U, T, C), audio queries (U, L, T, C), and AdaIN scales and shifts
        (E, L, 2, C), dtype of content.

    Raises:
        ValueError, TypeError: for a wrong shape or device, or dtype.
    """
    return OP(
        content, positions, content_style, emotion, emotion_style, speech_weight, speech_bias, query_weight,
        query_bias, first_weight, first_bias, second_weight, second_bias, style_weight, style_bias,
    )  # fmt: skip
