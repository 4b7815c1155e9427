"""Distil one small multi-task student in 8 bits from many BERT and ELECTRA teachers, with proof."""

__version__ = "0.1.0"
