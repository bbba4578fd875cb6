"""Does an embedding of one modality find those of another that mean the same."""

from __future__ import annotations

from math import comb

import numpy as np


def _classes(queries: np.ndarray, gallery: np.ndarray, k: int) -> None:
    if k < 1 or k > len(gallery):
        raise ValueError(f"k must be in 1..{len(gallery)}, the size of the gallery, got {k}")
    missing = set(np.unique(queries)) - set(np.unique(gallery))
    if missing:
        raise ValueError(f"every query class must be in the gallery, it lacks {sorted(missing)}")


def recall_at(
    k: int, queries: np.ndarray, gallery: np.ndarray, query_classes: np.ndarray, gallery_classes: np.ndarray
) -> float:
    """R@k: share of queries with an entry of their class among the k most similar by cosine.

    Ties count against: a query's rank is the number of wrong entries that are at least as similar as its best right
    one, so an embedding that says nothing does not score. Depends on the gallery; give :func:`chance_recall` with it.

    Args:
        k: at least 1, at most M. queries: (N, Z). gallery: (M, Z).
        query_classes, gallery_classes: (N,) and (M,), what makes an entry right.

    Returns:
        Share, 0..1.

    Raises:
        ValueError: empty sets, other widths or lengths, k out of range, or a class that the gallery lacks.

    Source: as in Radford et al. 2021, "CLIP".
    """
    queries, gallery = np.asarray(queries, np.float64), np.asarray(gallery, np.float64)
    query_classes, gallery_classes = np.asarray(query_classes), np.asarray(gallery_classes)
    flat = queries.ndim == gallery.ndim == 2
    if not flat or queries.shape[1] != gallery.shape[1] or not queries.size * gallery.size:
        raise ValueError(f"queries and gallery must be (N, Z) and (M, Z), got {queries.shape} and {gallery.shape}")
    if query_classes.shape != (len(queries),) or gallery_classes.shape != (len(gallery),):
        raise ValueError(f"classes must be one a row, got {query_classes.shape} and {gallery_classes.shape}")
    _classes(query_classes, gallery_classes, k)
    lengths = [np.linalg.norm(rows, axis=1, keepdims=True) for rows in (queries, gallery)]
    if not all((length > 0).all() for length in lengths):
        raise ValueError("queries and gallery must not hold zero rows")
    similar = (queries / lengths[0]) @ (gallery / lengths[1]).T  # (N, M)
    right = query_classes[:, None] == gallery_classes
    best = np.where(right, similar, -np.inf).max(1, keepdims=True)
    rank = (~right & (similar >= best - 1e-9)).sum(1)
    return float((rank < k).mean())


def chance_recall(k: int, query_classes: np.ndarray, gallery_classes: np.ndarray) -> float:
    """R@k of random order: mean over queries of ``1 - C(M - r, k) / C(M, k)`` with r right entries among M.

    Raises:
        ValueError: k out of range, or a class that the gallery lacks.
    """
    query_classes, gallery_classes = np.asarray(query_classes), np.asarray(gallery_classes)
    _classes(query_classes, gallery_classes, k)
    size = len(gallery_classes)
    rights = [int((gallery_classes == c).sum()) for c in query_classes]
    return float(np.mean([1 - comb(size - right, k) / comb(size, k) for right in rights]))
