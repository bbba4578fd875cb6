"""What of a rig moves with which ARKit shape, for a reader and for programs."""

from __future__ import annotations

from typing import Any

from emoface.face.layout import ARKIT_NAMES
from emoface.face.rig import Rig

from .glb import GlbRig, target_names
from .vrm import vrm_version

WIDEST = 40  # characters of a column


def rig_report(rig: Rig) -> dict[str, Any]:
    """Which shape of a rig was found where.

    Args:
        rig: from :func:`emoface.face.rigs.load_rig`.

    Returns:
        What JSON knows: ``name``; ``shapes``, a list of objects with ``shape``, ``follows`` (ARKit name -> gain) and,
        of an avatar, ``family`` (whose spelling it is) and ``targets`` (objects with ``mesh``, ``target``, ``weight``);
        ``missing`` ARKit shapes and ``unused`` targets; of an avatar also ``vrm`` (version or null), ``eye_bones``, and
        ``names``: the same as a table that ``load_rig(names=)`` takes.
    """
    shapes: list[dict[str, Any]] = []
    known = [name for name in rig.shape_names if name in ARKIT_NAMES]
    if not isinstance(rig, GlbRig):
        shapes = [{"shape": name, "follows": {name: 1.0}} for name in known]
        unused = [name for name in rig.shape_names if name not in ARKIT_NAMES]
        return {"name": rig.name, "shapes": shapes, "missing": list(rig.missing), "unused": unused}
    meshes = rig.gltf.items("meshes")
    names = [target_names(rig.gltf, index) for index in range(len(meshes))]
    for place, (shape, family, binds) in enumerate(zip(rig.shape_names, rig.families, rig.binds)):
        follows = {arkit: round(float(gain), 6) for arkit, gain in zip(ARKIT_NAMES, rig.follows[:, place]) if gain}
        targets = [
            {"mesh": str(meshes[mesh].get("name") or mesh), "target": names[mesh][target], "weight": round(share, 6)}
            for mesh, target, share in binds
        ]
        shapes.append({"shape": shape, "family": family, "follows": follows, "targets": targets})
    table = {one["shape"]: {target["target"]: target["weight"] for target in one["targets"]} for one in shapes}
    return {
        "name": rig.name,
        "vrm": vrm_version(rig.gltf),
        "shapes": shapes,
        "missing": list(rig.missing),
        "unused": list(rig.unused),
        "eye_bones": rig.eye_bones is not None,
        "names": table,
    }


def report_text(report: dict[str, Any]) -> str:
    """A report as lines of text, a shape a line."""
    lines = [
        f"{report['name']}: {len(ARKIT_NAMES) - len(report['missing'])} of ARKit's {len(ARKIT_NAMES)} shapes move it"
    ]
    rows = [(one["shape"], one.get("family", ""), _targets(one)) for one in report["shapes"]]
    widths = [min(max((len(row[column]) for row in rows), default=0), WIDEST) for column in (0, 1)]
    lines += [f"  {shape:{widths[0]}}  {family:{widths[1]}}  {targets}".rstrip() for shape, family, targets in rows]
    if report.get("eye_bones"):
        lines.append("  eyeLook* turn the eyes")
    for key in ("missing", "unused"):
        if report[key]:
            lines.append(f"{key}: {', '.join(report[key])}")
    return "\n".join(lines)


def _targets(one: dict[str, Any]) -> str:
    """``Face/jawOpen, Teeth/jawOpen x 0.5``, and after an arrow what it follows where that is another shape."""
    moved = ", ".join(
        f"{target['mesh']}/{target['target']}" + ("" if target["weight"] == 1 else f" x {target['weight']:g}")
        for target in one.get("targets", [])
    )
    if one["follows"] == {one["shape"]: 1.0}:
        return moved
    return f"{moved} <- " + " + ".join(f"{gain:g} {arkit}" for arkit, gain in one["follows"].items()).replace(
        "+ -", "- "
    )
