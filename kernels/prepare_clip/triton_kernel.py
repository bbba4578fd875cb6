"""prepare_clip in Triton: the linear maps of all blocks in one launch each."""

from torch import Tensor

from .._contract.op import Backend
from .._runtime.native import dense
from .._triton import device
from .._triton.linear import KINDS, linear_rows, specialisations

if device.triton is not None:
    from .._triton.linear import linear_kernel  # noqa: F401  (named in AOT)


def _run(
    content, positions, content_style, emotion, emotion_style, speech_weight, speech_bias, query_weight, query_bias,
    first_weight, first_bias, second_weight, second_bias, style_weight, style_bias,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    blocks, channels = query_bias.shape
    placed = linear_rows(content, speech_weight, speech_bias) + dense(positions)  # (U, T, C)
    queries = linear_rows(placed, query_weight.flatten(0, 1), query_bias.flatten())  # (U, T, L C)
    hidden = linear_rows(emotion, first_weight, first_bias, gelu=True)  # (E, C)
    mapped = linear_rows(hidden, second_weight, second_bias) + dense(emotion_style)  # (E, C)
    styles = linear_rows(mapped, style_weight.flatten(0, 1), style_bias.flatten())  # (E, L 2 C)
    return (
        placed + dense(content_style)[:, None],
        queries.unflatten(-1, (blocks, channels)).transpose(1, 2).contiguous(),
        styles.unflatten(-1, (blocks, 2, channels)),
    )


AOT = [*specialisations(kinds=KINDS), *specialisations(gelu=True, kinds=KINDS)]
BUDGET = 160, 64 * 1024  # registers of a thread, bytes of shared memory of a block
BACKEND = Backend("triton", _run, ("cuda", "cpu"), device.why_not)
