"""prepare_clip in C++."""

from __future__ import annotations

from .._runtime.native import cpu_function, dense
from .._runtime.packed import PackedWeights, packed_matrices

_PACKED = PackedWeights(lambda *weights: [packed_matrices(weight) for weight in weights])


def prepare(content, positions, content_style, emotion, emotion_style, *weights):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    matrices, biases = weights[::2], weights[1::2]
    (speeches, time, _), emotions = content.shape, len(emotion)
    blocks, channels = biases[1].shape
    outputs = (
        content.new_empty((speeches, time, channels)),
        content.new_empty((speeches, blocks, time, channels)),
        content.new_empty((emotions, blocks, 2, channels)),
    )
    inputs = map(dense, (content, positions, content_style, emotion, emotion_style, *biases))
    sizes = (*content.shape, *emotion.shape, channels, blocks)
    return outputs, (*inputs, *_PACKED.find(matrices), *outputs, content.dtype, *sizes)


CPU_BACKEND = cpu_function("prepare_clip", prepare)
