"""The lip net, the gate that it closes the lips by, and the gestures that it adds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emoface.audio.lip_net import (
    ARTIST,
    CLOSURE_HIGH,
    CLOSURE_LOW,
    GATED_PRESS,
    MOUTH_SCALE,
    RULE,
    LipNet,
    add_gestures,
    apply_closure,
    closure_weight,
    mouth_motion,
)
from emoface.face.layout import (
    FACE_SIZE,
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    MOTION_INDEX,
    MOTION_NAMES,
    MOTION_SIZE,
    MOUTH,
    lip_gap,
)
from emoface.face.lips import close_lips, opening

SMALL = {"width": 16, "blocks": 2}


class TestNet:
    def test_shapes_and_size(self) -> None:
        net = LipNet().eval()
        assert net.norm.norm.normalized_shape == (128,) and len(net.blocks) == 6
        assert 0.6e6 < sum(p.numel() for p in net.parameters()) < 0.8e6
        for batch, frames in ((1, 1), (3, 7), (2, 40)):
            curves, logit = net(torch.randn(batch, 2 * frames, 64), torch.zeros(batch, dtype=torch.int64))
            assert curves.shape == (batch, frames, len(MOUTH)) and logit.shape == (batch, frames)
        with pytest.raises(ValueError, match="mel must have shape"):
            net(torch.randn(1, 5, 64), torch.tensor([0]))
        with pytest.raises(ValueError, match="kernel must be odd"):
            LipNet(kernel=4)

    def test_a_frame_depends_on_its_neighbourhood_only(self) -> None:
        torch.manual_seed(0)
        net = LipNet(**SMALL).eval()
        mel = torch.randn(1, 160, 64)
        whole = net(mel, torch.tensor([0]))[0]
        low, high = 20, 60
        part = net(mel[:, 2 * (low - net.reach) : 2 * (high + net.reach)], torch.tensor([0]))[0]
        torch.testing.assert_close(part[:, net.reach : -net.reach], whole[:, low:high])

    def test_styles_differ(self) -> None:
        net = LipNet(**SMALL).eval()
        mel = torch.randn(2, 20, 64)[:1].expand(2, -1, -1)
        curves = net(mel, torch.tensor([ARTIST, RULE]))[0]
        assert not torch.allclose(curves[0], curves[1])

    def test_jaw_is_in_radians(self) -> None:
        scale = dict(zip((MOTION_NAMES[i] for i in MOUTH), MOUTH_SCALE))
        assert (scale.pop("jaw_pose_x"), scale.pop("jaw_pose_y"), scale.pop("jaw_pose_z")) == (0.3, 0.12, 0.12)
        assert set(scale.values()) == {1.0}
        torch.manual_seed(0)
        net, mel = LipNet(**SMALL).eval(), torch.randn(1, 20, 64)
        before, logit = net(mel, torch.tensor([0]))
        net.scale.fill_(1.0)
        after, same = net(mel, torch.tensor([0]))
        torch.testing.assert_close(before, after * torch.tensor(MOUTH_SCALE))
        assert torch.equal(logit, same)

    def test_reach_and_dilations(self) -> None:
        net = LipNet(width=8, blocks=5, kernel=3)
        assert [block.wide.dilation for block in net.blocks] == [(1,), (2,), (4,), (1,), (2,)]
        assert net.reach == 1 * (1 + 1 + 2 + 4 + 1 + 2)
        assert LipNet().reach == 2 * (1 + 1 + 2 + 4 + 1 + 2 + 4)
        assert LipNet(width=8, kernel=1).reach == 0


class TestGate:
    @pytest.mark.parametrize("weight, strength", [(1.0, 1.0), (0.5, 1.0), (1.0, 0.25), (0.0, 1.0)])
    def test_by_hand(self, weight: float, strength: float) -> None:
        gate = weight * strength
        motion = torch.zeros(1, 1, MOTION_SIZE)
        given = {"jaw_pose_x": 0.2, "mouthLowerDownLeft": 0.4, "mouthUpperUpRight": 0.6, "mouthFunnel": 0.5,
                 "mouthPressLeft": 0.05, "mouthPressRight": 0.9, "mouthSmileLeft": 0.7, "noseSneerLeft": 0.3,
                 "mouthClose": 0.02}  # fmt: skip
        for name, value in given.items():
            motion[..., MOTION_INDEX[name]] = value
        closed = apply_closure(motion, torch.full((1, 1), weight), strength)[0, 0]
        wanted = dict(given)
        for name in ("mouthLowerDownLeft", "mouthUpperUpRight"):
            wanted[name] *= 1 - 0.9 * gate
        wanted["jaw_pose_x"] *= 1 - 0.11 * gate
        wanted["mouthFunnel"] *= 1 - 0.6 * gate
        wanted["mouthPressLeft"] = max(0.05, 0.2 * gate)
        damped = torch.zeros(1, MOTION_SIZE)
        for name, value in wanted.items():
            damped[:, MOTION_INDEX[name]] = value
        gap = (1 - gate) * opening(damped).clamp(min=0)
        expected = close_lips(damped, gap, torch.tensor([min(gate / 0.4, 1.0)]))[0]
        torch.testing.assert_close(closed, expected, atol=1e-6, rtol=0)
        assert opening(closed) <= float(gap) + 1e-4

    def test_a_jaw_that_opens_enough_takes_up_all(self) -> None:
        motion = torch.zeros(1, 1, MOTION_SIZE)
        motion[..., MOTION_INDEX["jaw_pose_x"]] = 0.2
        closed = apply_closure(motion, torch.ones(1, 1))[0, 0]
        jaw_open = 0.89 * 0.2 / JAW_OPEN_RADIANS
        assert closed[MOTION_INDEX["mouthClose"]] == pytest.approx(jaw_open - 0.4 * 0.37 / 32.7, abs=1e-5)
        assert closed[MOTION_INDEX["mouthPressLeft"]] == pytest.approx(GATED_PRESS)

    def test_closes_lips_under_emotion(self) -> None:
        rng = np.random.default_rng(0)
        motion = torch.from_numpy(rng.uniform(0, 1, (4, 30, MOTION_SIZE)).astype(np.float32))
        motion[..., MOTION_INDEX["jaw_pose_x"] : FACE_SIZE] = torch.rand(4, 30, 3) * JAW_OPEN_RADIANS
        motion[..., MOTION_INDEX["mouthClose"]] = 0
        before = motion.clone()
        gap = lip_gap(motion)
        last = gap
        for strength in (0.25, 0.5, 0.75, 1.0):
            closed = lip_gap(apply_closure(motion, torch.ones(4, 30), strength))
            assert (closed <= last + 1e-4).all()
            last = closed
        assert gap.mean() > 20 and last.max() < 1e-3
        torch.testing.assert_close(motion, before)
        torch.testing.assert_close(apply_closure(motion, torch.zeros(4, 30)), motion)
        torch.testing.assert_close(apply_closure(motion, torch.ones(4, 30), 0.0), motion)

    def test_touches_only_the_lips(self) -> None:
        motion = torch.full((1, 5, MOTION_SIZE), 0.2)
        weight = torch.tensor([[0, 0.5, 1, 0.5, 0]])
        closed = apply_closure(motion, weight)
        changed = {i for i in range(MOTION_SIZE) if not torch.equal(closed[..., i], motion[..., i])}
        sneers = {MOTION_INDEX["noseSneerLeft"], MOTION_INDEX["noseSneerRight"]}  # which lift the upper lip
        assert changed <= set(MOUTH) | sneers and MOTION_INDEX["mouthSmileLeft"] not in changed
        assert closed[0, 2, MOTION_INDEX["mouthPressLeft"]] >= GATED_PRESS
        torch.testing.assert_close(closed[:, [0, 4]], motion[:, [0, 4]])

    def test_gradient_and_errors(self) -> None:
        motion = torch.full((1, 5, MOTION_SIZE), 0.1, requires_grad=True)
        apply_closure(motion, torch.full((1, 5), 0.5)).sum().backward()
        assert torch.isfinite(motion.grad).all()
        with pytest.raises(ValueError, match="strength must be in 0"):
            apply_closure(motion, torch.zeros(1, 5), 1.5)
        with pytest.raises(ValueError, match="weight must have shape"):
            apply_closure(motion, torch.zeros(5))

    def test_weight(self) -> None:
        probability = torch.tensor([0.0, CLOSURE_LOW, (CLOSURE_LOW + CLOSURE_HIGH) / 2, CLOSURE_HIGH, 1.0])
        torch.testing.assert_close(closure_weight(torch.logit(probability)), torch.tensor([0, 0, 0.5, 1, 1]))

    def test_sneers_give_way_with_the_gate(self) -> None:
        motion = torch.zeros(1, 1, MOTION_SIZE)
        sneers = [MOTION_INDEX[f"noseSneer{side}"] for side in ("Left", "Right")]
        motion[..., sneers] = 0.4
        for weight in (0.25, 1.0):
            pressed = GATED_PRESS * weight
            gap = (1 - weight) * (0.8 * 3.1 - pressed * 2 * 0.37)
            left = 0.8 * 3.1 - 0.6 * 2 * 0.37 - gap  # mm that lips pressed to 0.6 leave
            shrunk = 0.4 * (1 - min(weight / 0.4, 1) * left / (0.8 * 3.1))
            found = apply_closure(motion, torch.full((1, 1), weight))[0, 0, sneers]
            assert found.tolist() == pytest.approx([shrunk, shrunk], abs=1e-5)

    def test_mouth_motion(self) -> None:
        motion = mouth_motion(torch.full((2, 3, len(MOUTH)), 9.0))
        assert motion[..., MOTION_INDEX["jaw_pose_x"]].max() == pytest.approx(JAW_OPEN_RADIANS)
        others = [i for i in range(MOTION_SIZE) if i not in MOUTH]
        assert motion.max() == 1 and not motion[..., others].any()

    def test_mouth_motion_is_within_its_range(self) -> None:
        curves = torch.zeros(2, len(MOUTH))
        curves[0], curves[1] = 9.0, -9.0
        high, low = mouth_motion(curves)
        for name, top, bottom in (
            ("jaw_pose_x", JAW_OPEN_RADIANS, 0.0), ("jaw_pose_y", JAW_SIDE_RADIANS, -JAW_SIDE_RADIANS),
            ("jaw_pose_z", JAW_SIDE_RADIANS, -JAW_SIDE_RADIANS), ("mouthFunnel", 1.0, 0.0),
        ):  # fmt: skip
            at = MOTION_INDEX[name]
            assert (high[at].item(), low[at].item()) == (pytest.approx(top), pytest.approx(bottom))


class TestGestures:
    def test_what_is_heard_is_the_least_of_small_shapes(self) -> None:
        motion = torch.full((2, 4, MOTION_SIZE), 0.2)
        funnel, lower, roll = (MOTION_INDEX[n] for n in ("mouthFunnel", "mouthLowerDownRight", "mouthRollUpper"))
        motion[..., lower] = 0.6  # bared by emotion
        before = motion.clone()
        curves = torch.zeros(4, len(MOUTH))
        curves[:, [MOUTH.index(funnel), MOUTH.index(lower)]] = torch.tensor([0.0, 0.1, 0.3, 0.5])[:, None]
        curves[:, MOUTH.index(roll)] = -1.0
        moved = add_gestures(motion, curves)
        assert moved[1, :, funnel].tolist() == pytest.approx([0.2, 0.2, 0.3, 0.5])
        assert torch.equal(moved[..., lower], before[..., lower]) and torch.equal(moved[..., roll], before[..., roll])
        assert torch.equal(motion, before) and torch.equal(add_gestures(motion, curves, 0.0), before)
        assert add_gestures(motion, curves, 0.5)[0, :, funnel].tolist() == pytest.approx([0.2, 0.2, 0.2, 0.25])

    def test_jaw_corners_and_all_beyond_the_mouth_stay(self) -> None:
        motion = torch.zeros(1, 3, MOTION_SIZE)
        moved = add_gestures(motion, torch.ones(3, len(MOUTH)))
        changed = {MOTION_NAMES[i] for i in range(MOTION_SIZE) if moved[..., i].any()}
        assert {"mouthFunnel", "mouthPucker", "mouthUpperUpLeft", "mouthRollLower"} <= changed and len(changed) == 8
        still = ("jaw", "mouthSmile", "mouthFrown", "mouthClose", "mouthPress")
        assert not any(name.startswith(still) for name in changed)

    def test_errors(self) -> None:
        with pytest.raises(ValueError, match="strength must be at least 0, got -1"):
            add_gestures(torch.zeros(1, 3, MOTION_SIZE), torch.zeros(3, len(MOUTH)), -1.0)
        with pytest.raises(ValueError, match=r"curves must have shape \(3, "):
            add_gestures(torch.zeros(1, 3, MOTION_SIZE), torch.zeros(4, len(MOUTH)))
