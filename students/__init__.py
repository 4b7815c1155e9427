"""What a student is: one encoder, a head per task, in float32 and in 8 bits.

Importing this package lets `AutoConfig` and `AutoModel` read student checkpoints.
"""

from transformers import AutoConfig, AutoModel

from students.configuration import MultiTaskConfig
from students.initialise import initialise_student
from students.int8 import Int8Embedding, quantize_to_int8
from students.modeling import MultiTaskStudent, StudentOutput, load_student

AutoConfig.register(MultiTaskConfig.model_type, MultiTaskConfig, exist_ok=True)
AutoModel.register(MultiTaskConfig, MultiTaskStudent, exist_ok=True)

__all__ = [
    "Int8Embedding",
    "MultiTaskConfig",
    "MultiTaskStudent",
    "StudentOutput",
    "initialise_student",
    "load_student",
    "quantize_to_int8",
]
