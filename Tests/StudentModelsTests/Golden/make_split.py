"""Writes the model of qwen2.gguf once more, in three files, by the gguf package.

    pip install gguf==0.19.0
    python make_split.py
"""

import os

from gguf import GGUFReader, GGUFValueType, GGUFWriter

here = os.path.dirname(os.path.abspath(__file__))
source = GGUFReader(os.path.join(here, "qwen2.gguf"))
writer = GGUFWriter(os.path.join(here, "qwen2.gguf"), "qwen2", split_max_tensors=10)
for field in source.fields.values():
    if field.name.startswith("GGUF.") or field.name == "general.architecture":
        continue
    kinds = field.types + [None]
    writer.add_key_value(field.name, field.contents(), kinds[0], kinds[1] if kinds[0] == GGUFValueType.ARRAY else None)
for tensor in source.tensors:
    writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
