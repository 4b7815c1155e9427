"""Distil one small multi-task student from many BERT and ELECTRA teachers, in 8 bits, with proof."""

__version__ = "0.1.0"
