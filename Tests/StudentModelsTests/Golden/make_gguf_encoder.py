"""Writes a small BERT as a GGUF file, bert.gguf, and bert.json: the ids of transformers' tokenizer for the same vocabulary, and the
mean hidden rows of transformers for the same weights. Names of tensors are those of the gguf package.

    pip install torch==2.13.0 transformers==5.24.0 gguf==0.19.0
    python make_gguf_encoder.py
"""

import json
import os

import numpy as np
import torch
import transformers as T
from decoder_keys import write
from gguf import MODEL_ARCH, GGUFWriter, PoolingType, TokenType, get_tensor_name_map, quants
from gguf import GGMLQuantizationType as Type
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

torch.set_grad_enabled(False)
here = os.path.dirname(os.path.abspath(__file__))
random = np.random.default_rng(5)
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = "the dog cat runs sleeps over lazy quick a is 20 24 straße cafe 中 文 . , ! ? ' - ( )".split()
VOCABULARY = ["[PAD]"] + [f"[unused{i}]" for i in range(3)] + SPECIAL[1:] + WORDS + list(LETTERS) + ["##" + x for x in [*LETTERS, "s", "ing", "24", "ed", "́"]]
VOCABULARY = list(dict.fromkeys(VOCABULARY))
TEXTS = [
    "The dog runs.", "the LAZY cats' café", "  two\tspaces  and\n(lines) ", "中文 20 2024 2420", "sleeping, jumped [MASK] over [CLS]!", "", "Straße é́ ½ 😀",
    "[unused1] the-dog", "x" * 120,
]
config = T.BertConfig(vocab_size=len(VOCABULARY), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=24, type_vocab_size=2, layer_norm_eps=1e-7)
model = T.BertModel(config, add_pooling_layer=False).eval()
tokenizer = Tokenizer(models.WordPiece(vocab={t: i for i, t in enumerate(VOCABULARY)}, unk_token="[UNK]"))
tokenizer.add_special_tokens(SPECIAL)
tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
cls, sep = [("[CLS]", VOCABULARY.index("[CLS]")), ("[SEP]", VOCABULARY.index("[SEP]"))]
tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[cls, sep])
tokenizer.enable_truncation(24)

w = GGUFWriter(os.path.join(here, "bert.gguf"), "bert")
w.add_context_length(config.max_position_embeddings)
w.add_embedding_length(config.hidden_size)
w.add_block_count(config.num_hidden_layers)
w.add_feed_forward_length(config.intermediate_size)
w.add_head_count(config.num_attention_heads)
w.add_layer_norm_eps(config.layer_norm_eps)
w.add_causal_attention(False)
w.add_pooling_type(PoolingType.MEAN)
w.add_token_type_count(config.type_vocab_size)
w.add_tokenizer_model("bert")
w.add_tokenizer_pre("bert-bge")
w.add_token_list([t if t in SPECIAL else t[2:] if t.startswith("##") else "▁" + t for t in VOCABULARY])
w.add_token_types([TokenType.CONTROL if t in SPECIAL else TokenType.NORMAL for t in VOCABULARY])
w.add_bos_token_id(cls[1])
w.add_sep_token_id(sep[1])
w.add_unk_token_id(VOCABULARY.index("[UNK]"))
w.add_pad_token_id(0)
w.add_mask_token_id(VOCABULARY.index("[MASK]"))
names = get_tensor_name_map(MODEL_ARCH.BERT, config.num_hidden_layers)
for path, parameter in model.named_parameters():
    flat = parameter.dim() == 1
    start = 1.0 if flat and "LayerNorm.weight" in path else 0.0
    values = (start + random.normal(0, 0.2 if flat else 0.4, tuple(parameter.shape))).astype(np.float32)
    kind = Type.F32 if flat or "embeddings." in path else [Type.Q8_0, Type.F16][len(path) % 2]
    packed = quants.quantize(values, kind)
    parameter.copy_(torch.from_numpy(np.ascontiguousarray(quants.dequantize(packed, kind))))
    w.add_tensor(names.get_name(path, (".weight", ".bias")), packed, raw_dtype=kind)
write(w)
cases = []
for text in TEXTS:
    ids = tokenizer.encode(text).ids
    rows = model(torch.tensor([ids])).last_hidden_state[0]
    mean, first, last = rows.mean(0), rows[0], rows[-1]
    cases.append(dict(text=text, ids=ids, **{k: [round(x, 6) for x in (v / v.norm()).tolist()] for k, v in dict(mean=mean, first=first, last=last).items()}))
pair = tokenizer.encode("The dog", "a cat")
with open(os.path.join(here, "bert.json"), "w") as file:
    json.dump(dict(format="gguf encoder", version=1, transformers=T.__version__, cases=cases, pair=pair.ids, segments=pair.type_ids), file, ensure_ascii=False)
    file.write("\n")
