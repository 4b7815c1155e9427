"""What a teacher is: one fine-tuned model per task, of any encoder family, with named labels."""

from teachers.labels import label_order
from teachers.loading import FAMILIES, load_teacher, new_teacher

__all__ = ["FAMILIES", "label_order", "load_teacher", "new_teacher"]
