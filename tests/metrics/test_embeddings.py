"""Similarity, retrieval and confusion on cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.metrics.classification import accuracy, average_recall, confusion
from emoface.metrics.lip_closure import bilabials_closed
from emoface.metrics.retrieval import chance_recall, recall_at
from emoface.metrics.similarity import bound_similarity, judge_similarity


def test_similarity_is_the_mean_cosine_and_says_which_one() -> None:
    a, b = np.array([[1.0, 0], [2, 0]]), np.array([[3.0, 0], [0, 1]])
    assert judge_similarity(a, b) == bound_similarity(a, b) == pytest.approx(0.5)
    assert judge_similarity.definition != bound_similarity.definition and judge_similarity.name != bound_similarity.name
    assert judge_similarity(a + 1000, b + 1000) > 0.99, "an offset that all share makes all alike"
    with pytest.raises(ValueError, match="row 1"):
        judge_similarity(a, np.array([[1.0, 0], [0, 0]]))
    with pytest.raises(ValueError, match="one shape"):
        judge_similarity(a, b[:1])
    with pytest.raises(ValueError, match="at least 1"):
        judge_similarity(a[:0], b[:0])


def test_recall() -> None:
    queries, gallery = np.array([[1.0, 0], [0, 1.0]]), np.array([[1.0, 0.1], [0.2, 1.0], [1.0, 1.0]])
    assert recall_at(1, queries, gallery, np.array([0, 1]), np.array([0, 1, 2])) == 1
    assert recall_at(1, queries, gallery, np.array([0, 2]), np.array([0, 1, 2])) == 0.5
    assert recall_at(2, queries, gallery, np.array([0, 2]), np.array([0, 1, 2])) == 1


def test_an_embedding_that_says_nothing_does_not_score() -> None:
    same, classes = np.ones((8, 4)), np.arange(8)
    assert recall_at(1, same, same, classes, classes) == 0, "ties count against"
    assert chance_recall(1, classes, classes) == pytest.approx(1 / 8)
    assert chance_recall(5, classes, classes) == pytest.approx(5 / 8)
    assert chance_recall(2, np.array([0]), np.array([0, 0, 1, 1])) == pytest.approx(1 - 1 / 6)
    noise = np.random.default_rng(0).normal(size=(2, 400, 16))
    many = np.arange(400) % 8
    assert recall_at(1, noise[0], noise[1], many, many) == pytest.approx(chance_recall(1, many, many), abs=0.06)


def test_recall_refuses() -> None:
    rows, classes = np.eye(3), np.arange(3)
    for arguments, said in (
        ((0, rows, rows, classes, classes), "k must be in 1..3"),
        ((4, rows, rows, classes, classes), "k must be in 1..3"),
        ((1, rows, rows[:2], classes, classes[:2]), "lacks"),
        ((1, rows, rows[:, :2], classes, classes), "must be"),
        ((1, rows[:0], rows, classes[:0], classes), "must be"),
        ((1, rows, rows, classes[:2], classes), "one a row"),
        ((1, rows * 0, rows, classes, classes), "zero rows"),
    ):
        with pytest.raises(ValueError, match=said):
            recall_at(*arguments)


def test_confusion() -> None:
    counts = confusion(["sad", "sad", "sad", "happy"], ["sad", "happy", "sad", "sad"], ["happy", "sad", "fear"])
    assert counts.tolist() == [[0, 1, 0], [1, 2, 0], [0, 0, 0]]
    assert accuracy(counts) == 0.5
    assert average_recall(counts) == pytest.approx((0 + 2 / 3) / 2), "fear does not occur"
    with pytest.raises(ValueError, match=r"among .*got \['joy'\]"):
        confusion(["sad"], ["joy"], ["sad"])
    with pytest.raises(ValueError, match="at least 1"):
        confusion([], [], ["sad"])
    with pytest.raises(ValueError, match="holds clips"):
        accuracy(np.zeros((2, 2)))


def test_bilabials_closed() -> None:
    assert bilabials_closed(np.array([0.0, 0.9, 1.0, 5.0])) == 0.5
    with pytest.raises(ValueError, match="at least 1"):
        bilabials_closed(np.array([]))
