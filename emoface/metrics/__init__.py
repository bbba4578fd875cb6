"""Figures of merit on arrays: vertices, motion curves, ARKit weights, features or times, one subject a file.

Each says in its docstring what it measures and who defined it. Those that other papers print are a
:class:`~emoface.metrics.figure.Metric`, a function that knows its unit and formula;
:func:`~emoface.metrics.compare.compare` measures all mesh metrics of animations at once. What cannot be compared (other
frame rates, lengths, topologies, empty sets) is refused with the reason.
"""
