"""flame_lbs in Triton: one kernel poses the joints of each frame, one shapes and skins the vertices."""

from __future__ import annotations

import torch
from torch import Tensor

from .._contract.op import Backend
from .._runtime.native import dense
from .._triton import device
from .._triton.device import triton

POSE_ROWS, POSE_WARPS = 64, 1
FRAMES, VERTICES, ROWS, WARPS = 16, 64, 16, 4

if triton is not None:
    import triton.language as tl

    @triton.jit
    def times(a, b):
        """The product of two 4 x 4 matrices."""
        return tl.sum(a[:, :, None] * b[None, :, :], axis=1)

    @triton.jit
    def flame_lbs_pose_kernel(
        expression, pose, joints, joint_basis, correctives, transforms, shapes, BLOCK: tl.constexpr
    ):
        """One frame: the pose correctives (36) and the joints' transforms (5, 12), as flame_lbs_math.h has them."""
        t = tl.program_id(0).to(tl.int64)
        row, column = tl.arange(0, 4)[:, None], tl.arange(0, 4)[None, :]
        one = (row == column).to(tl.float32)
        root, neck = one, one
        for joint in tl.static_range(5):
            at = pose + (t * 5 + joint) * 3
            x, y, z = tl.load(at).to(tl.float32), tl.load(at + 1).to(tl.float32), tl.load(at + 2).to(tl.float32)
            square = x * x + y * y + z * z
            tiny = square <= 1e-8
            angle = tl.sqrt(tl.where(tiny, 1.0, square))
            sine = tl.where(tiny, 1 - square / 6, tl.sin(angle) / angle)
            half = tl.where(tiny, 1 - square / 24, tl.sin(angle / 2) / (angle / 2))
            cross = tl.where((row == 2) & (column == 1), x, 0.0) - tl.where((row == 1) & (column == 2), x, 0.0)
            cross += tl.where((row == 0) & (column == 2), y, 0.0) - tl.where((row == 2) & (column == 0), y, 0.0)
            cross += tl.where((row == 1) & (column == 0), z, 0.0) - tl.where((row == 0) & (column == 1), z, 0.0)
            change = sine * cross + 0.5 * half * half * times(cross, cross)  # R - I
            if joint > 0:
                element = t * 36 + (joint - 1) * 9 + row * 3 + column
                tl.store(correctives + element, change, mask=(row < 3) & (column < 3))
            own = joints + joint * 3 + column
            rest = tl.load(own, mask=column < 3, other=0.0).to(tl.float32)  # (1, 4)
            for start in range(0, shapes, BLOCK):
                k = start + tl.arange(0, BLOCK)[:, None]
                weight = tl.load(expression + t * shapes + k, mask=k < shapes, other=0.0).to(tl.float32)
                basis = joint_basis + k * 15 + joint * 3 + column
                moves = tl.load(basis, mask=(k < shapes) & (column < 3), other=0.0).to(tl.float32)
                rest += tl.sum(weight * moves, axis=0)[None, :]
            shift = -tl.sum(change * rest, axis=1)[:, None]  # r - R r
            turn = one + change + tl.where(column == 3, shift, 0.0)
            above = root if joint < 2 else neck
            world = times(above, turn)
            if joint == 0:
                root = world
            if joint == 1:
                neck = world
            tl.store(transforms + (t * 5 + joint) * 12 + row * 4 + column, world, mask=row < 3)

    @triton.jit
    def shaped(
        x, y, z, weights, basis, first, frames, vertices, width,
        T: tl.constexpr, V: tl.constexpr, K: tl.constexpr,
    ):  # fmt: skip
        """x, y, z (T, V) moved by `width` rows of a basis (rows, V, 3) with weights (frames, width)."""
        t = first + tl.arange(0, T)[:, None].to(tl.int64)
        v = tl.program_id(0) * V + tl.arange(0, V)[None, :]
        for start in range(0, width, K):
            k = start + tl.arange(0, K)
            inside = (t < frames) & (k[None, :] < width)
            weight = tl.load(weights + t * width + k[None, :], mask=inside, other=0.0).to(tl.float32)
            at = basis + (k[:, None].to(tl.int64) * vertices + v) * 3
            known = (k[:, None] < width) & (v < vertices)
            x += tl.dot(weight, tl.load(at, mask=known, other=0.0).to(tl.float32), input_precision="ieee")
            y += tl.dot(weight, tl.load(at + 1, mask=known, other=0.0).to(tl.float32), input_precision="ieee")
            z += tl.dot(weight, tl.load(at + 2, mask=known, other=0.0).to(tl.float32), input_precision="ieee")
        return x, y, z

    @triton.jit
    def flame_lbs_kernel(
        expression, correctives, transforms, translation, template, shape_basis, pose_basis, skin_weights, out,
        frames, shapes, vertices, T: tl.constexpr, V: tl.constexpr, K: tl.constexpr,
    ):  # fmt: skip
        """One block of T frames and V vertices."""
        first = tl.program_id(1).to(tl.int64) * T
        t = first + tl.arange(0, T)
        v = tl.program_id(0) * V + tl.arange(0, V)
        inside = v < vertices
        still = tl.zeros((T, V), tl.float32)
        x = still + tl.load(template + v * 3, mask=inside, other=0.0).to(tl.float32)[None, :]
        y = still + tl.load(template + v * 3 + 1, mask=inside, other=0.0).to(tl.float32)[None, :]
        z = still + tl.load(template + v * 3 + 2, mask=inside, other=0.0).to(tl.float32)[None, :]
        x, y, z = shaped(x, y, z, expression, shape_basis, first, frames, vertices, shapes, T, V, K)
        x, y, z = shaped(x, y, z, correctives, pose_basis, first, frames, vertices, 36, T, V, K)
        for r in tl.static_range(3):
            place = tl.load(translation + t * 3 + r, mask=t < frames, other=0.0).to(tl.float32)
            skinned = still + place[:, None]
            for joint in tl.static_range(5):
                weight = tl.load(skin_weights + v * 5 + joint, mask=inside, other=0.0).to(tl.float32)[None, :]
                g = transforms + (t * 5 + joint) * 12 + r * 4
                a = tl.load(g, mask=t < frames, other=0.0)[:, None]
                b = tl.load(g + 1, mask=t < frames, other=0.0)[:, None]
                c = tl.load(g + 2, mask=t < frames, other=0.0)[:, None]
                d = tl.load(g + 3, mask=t < frames, other=0.0)[:, None]
                skinned += weight * (a * x + b * y + c * z + d)
            at = out + (t[:, None] * vertices + v[None, :]) * 3 + r
            tl.store(at, skinned.to(out.dtype.element_ty), mask=(t < frames)[:, None] & inside[None, :])


def _run(
    expression, pose, translation, template, shape_basis, pose_basis, joints, joint_basis, skin_weights
) -> Tensor:
    (frames, shapes), vertices = expression.shape, len(template)
    device = expression.device
    out = torch.empty((frames, vertices, 3), dtype=expression.dtype, device=device)
    if frames * vertices == 0:
        return out
    correctives = torch.empty((frames, 36), dtype=torch.float32, device=device)
    transforms = torch.empty((frames, 5, 12), dtype=torch.float32, device=device)
    expression = dense(expression)
    flame_lbs_pose_kernel[(frames,)](
        expression, dense(pose), dense(joints), dense(joint_basis), correctives, transforms, shapes,
        BLOCK=POSE_ROWS, num_warps=POSE_WARPS, enable_fp_fusion=True,
    )  # fmt: skip
    flame_lbs_kernel[(triton.cdiv(vertices, VERTICES), triton.cdiv(frames, FRAMES))](
        expression, correctives, transforms, dense(translation), dense(template), dense(shape_basis),
        dense(pose_basis), dense(skin_weights), out, frames, shapes, vertices,
        T=FRAMES, V=VERTICES, K=ROWS, num_warps=WARPS, enable_fp_fusion=True,
    )  # fmt: skip
    return out


def _specialisations():
    """Every kernel as launched above: kernel, signature, constants, options."""
    for element in ("fp32", "bf16"):
        data = f"*{element}"
        yield (
            "flame_lbs_pose_kernel",
            {"expression": data, "pose": data, "joints": data, "joint_basis": data, "correctives": "*fp32",
             "transforms": "*fp32", "shapes": "i32"},
            {"BLOCK": POSE_ROWS},
            {"num_warps": POSE_WARPS},
        )  # fmt: skip
        yield (
            "flame_lbs_kernel",
            {"expression": data, "correctives": "*fp32", "transforms": "*fp32", "translation": data, "template": data,
             "shape_basis": data, "pose_basis": data, "skin_weights": data, "out": data, "frames": "i32",
             "shapes": "i32", "vertices": "i32"},
            {"T": FRAMES, "V": VERTICES, "K": ROWS},
            {"num_warps": WARPS},
        )  # fmt: skip


AOT = list(_specialisations())
BUDGET = 200, 27 * 1024  # registers of a thread, bytes of shared memory of a block
BACKEND = Backend("triton", _run, ("cuda", "cpu"), device.why_not)
