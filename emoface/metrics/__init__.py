"""Figures of merit: each reads motion curves, ARKit weights or times, and says in its docstring what it measures."""
