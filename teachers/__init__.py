"""What a teacher is: one fine-tuned model per task, of any encoder family, with named labels."""

from teachers.labels import label_order, likely_order
from teachers.loading import FAMILIES, adopt_teacher, load_teacher, new_teacher

__all__ = [
    "FAMILIES",
    "adopt_teacher",
    "label_order",
    "likely_order",
    "load_teacher",
    "new_teacher",
]
