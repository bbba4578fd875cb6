"""Every mesh metric of predicted against true animations, each with its definition, unit, mask and data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from emoface.export import read
from emoface.export.formats import READABLE
from emoface.face.face import FaceLike, as_face
from emoface.face.flame import FlameModel
from emoface.face_motion import FaceMotion

from .face_dynamics import fdd, fdd_absolute
from .figure import Figure
from .mouth_opening import mod
from .regions import Regions, open_head_regions, rig_regions
from .sequences import matched
from .vertex_error import eve_max, eve_mean, lve, lve_squared, mve, ufve


def compare(
    predictions: Sequence[FaceMotion],
    truths: Sequence[FaceMotion],
    split: str,
    face: FaceLike | None = None,
    regions: Regions | None = None,
    cut: bool = False,
) -> list[Figure]:
    """LVE, MVE, MOD, UFVE, EVE and FDD on the vertices of a face; means over the sequences, each weighing the same.

    Args:
        predictions, truths: animations of the same clips, at least one, with coefficients of the face.
        split: the data in words, such as ``"3DMEAD, subject split"``.
        face: as in :meth:`FaceMotion.vertices`; both are posed with its mean identity and no head rotation.
        regions: masks; None: found in the shapes of the open head or of the rig. FLAME needs the caller's.
        cut: compare the frames that both have where one is longer, and say so.

    Returns:
        The figures.

    Raises:
        ValueError: nothing to compare, other frame rates or lengths, masks of another mesh, or FLAME without masks.
    """
    if not predictions or len(predictions) != len(truths):
        raise ValueError(f"predictions must be one a truth, at least one, got {len(predictions)} and {len(truths)}")
    if not split.strip():
        raise ValueError("split must say which data these are, got nothing")
    face = as_face(face)
    if regions is None:
        if not face.is_open_head and isinstance(face.shape, FlameModel):
            raise ValueError("regions must be given for a FLAME model, whose masks are not ours to ship")
        regions = open_head_regions() if face.is_open_head else rig_regions(face.rig)
    rates = {truth.fps for truth in truths}
    if len(rates) > 1:
        raise ValueError(f"truths must have one frame rate, got {sorted(rates)}: resample them first")
    pairs = []
    for prediction, truth in zip(predictions, truths):
        matched(prediction.expression, truth.expression, prediction.fps, truth.fps, cut)
        stop = min(len(prediction), len(truth))
        # errors are of the face: both heads look straight on
        ours, theirs = (replace(motion, neck_pose=0 * motion.neck_pose) for motion in (prediction, truth))
        pairs.append((ours.vertices(face, stop=stop), theirs.vertices(face, stop=stop)))
    size = pairs[0][0].shape[1]
    if size != regions.size:
        raise ValueError(f"regions must be of this face with {size} vertices, got {regions.topology}, {regions.size}")
    rest = truths[0]
    still = np.zeros_like(rest.jaw_pose[:1])
    relaxed = replace(rest, expression=np.zeros_like(rest.expression[:1]), jaw_pose=still, neck_pose=still)
    neutral = relaxed.vertices(face)[0]
    frames = sum(len(truth) for _, truth in pairs)
    said = f"{split}; {len(pairs)} sequences, {frames} frames at {rest.fps:g} fps" + (", cut to the shorter" * cut)
    figures = []
    for measure, mask in ((lve_squared, "lips"), (lve, "lips"), (mod, "lips"), (mve, "mouth"), (ufve, "upper"),
                          (eve_mean, "upper"), (eve_max, "upper")):  # fmt: skip
        chosen = getattr(regions, mask)
        value = float(np.mean([measure(prediction, truth, chosen) for prediction, truth in pairs]))
        figures.append(measure.figure(value, regions.said(mask), said))
    everything = float(np.mean([mve(prediction, truth, np.arange(size)) for prediction, truth in pairs]))
    figures.append(mve.figure(everything, f"all {size} vertices of {regions.topology}", said))
    predicted, true = zip(*pairs)
    for dynamics in (fdd, fdd_absolute):
        value = dynamics(predicted, true, neutral, regions.upper)
        figures.append(dynamics.figure(value, regions.said("upper"), said))
    return figures


def load_pairs(predictions: Path, truths: Path) -> tuple[list[FaceMotion], list[FaceMotion]]:
    """Animations of two files, or of the files of one name in two folders.

    Args:
        predictions, truths: two ``.npz`` or Live Link Face ``.csv``, or two folders of them; the suffixes may differ.

    Returns:
        Predictions and truths, in order of the names.

    Raises:
        FileNotFoundError: a path is not there.
        ValueError: a file against a folder, no animations, names that only one folder has, or a file of another kind.
    """
    for path in (predictions, truths):
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist")
    if predictions.is_dir() != truths.is_dir():
        raise ValueError(f"predictions and truths must be two files or two folders, got {predictions} and {truths}")
    if not predictions.is_dir():
        return [read(predictions)], [read(truths)]
    files = [
        {path.stem: path for path in sorted(folder.iterdir()) if path.suffix in READABLE}
        for folder in (predictions, truths)
    ]
    alone = sorted(files[0].keys() ^ files[1].keys())
    if alone or not files[0]:
        kinds = " or ".join(READABLE)
        raise ValueError(f"folders must hold the same {kinds} names, at least one; in one only: {alone or 'none'}")
    return [read(path) for path in files[0].values()], [read(files[1][stem]) for stem in files[0]]
