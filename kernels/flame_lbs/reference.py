"""The vertices of a FLAME head as plain PyTorch."""

import torch
from torch import Tensor
from torch.nn.functional import pad


def rotation_matrices(pose: Tensor) -> Tensor:
    """Rodrigues' formula, smooth at zero: axis-angle (..., 3) to matrices (..., 3, 3)."""
    square = (pose * pose).sum(-1)[..., None, None]
    tiny = square <= 1e-8
    angle = torch.where(tiny, 1.0, square).sqrt()
    sine = torch.where(tiny, 1 - square / 6, angle.sin() / angle)
    half = torch.where(tiny, 1 - square / 24, (angle / 2).sin() / (angle / 2))
    x, y, z = pose.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    return torch.eye(3, dtype=pose.dtype, device=pose.device) + sine * cross + 0.5 * half * half * (cross @ cross)


def flame_lbs(
    expression: Tensor, pose: Tensor, translation: Tensor, template: Tensor, shape_basis: Tensor, pose_basis: Tensor,
    joints: Tensor, joint_basis: Tensor, skin_weights: Tensor,
) -> Tensor:  # fmt: skip
    """Pose a head: shape and pose correctives are added to the template, then linear blend skinning turns five joints.

    Args: expression (T, K); pose (T, 5, 3) axis-angle in radians; translation (T, 3) and the model's tensors in metres,
    as :func:`emoface.kernels.flame_lbs` says, which also checks them. Returns (T, V, 3) in metres.
    """
    frames, vertices = len(expression), len(template)
    rotation = rotation_matrices(pose)  # (T, 5, 3, 3)
    correctives = (rotation[:, 1:] - torch.eye(3, dtype=pose.dtype, device=pose.device)).reshape(frames, 36)
    moved = expression @ shape_basis.flatten(1) + correctives @ pose_basis.flatten(1)  # (T, V * 3)
    shaped = template + moved.view(frames, vertices, 3)

    rest = (joints + (expression @ joint_basis.flatten(1)).view(frames, 5, 3))[..., None]  # (T, 5, 3, 1)
    turn = torch.cat([rotation, rest - rotation @ rest], -1)  # (T, 5, 3, 4): about the joint itself
    last = torch.tensor([0, 0, 0, 1], dtype=pose.dtype, device=pose.device).expand(frames, 5, 1, 4)
    turn = torch.cat([turn, last], 2)
    neck = turn[:, :1] @ turn[:, 1:2]
    world = torch.cat([turn[:, :1], neck, neck @ turn[:, 2:]], 1)[:, :, :3]  # (T, 5, 3, 4)

    skinned = torch.einsum("vj,tjab,tvb->tva", skin_weights, world, pad(shaped, (0, 1), value=1.0))
    return skinned + translation[:, None]
