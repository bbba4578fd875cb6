"""Figures of merit: each reads motion curves and says what it measures; ``evaluate`` puts them in one report."""
