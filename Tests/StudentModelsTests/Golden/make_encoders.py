"""Writes encoders.json: small encoders of every family with weights from a formula, and the logits that transformers computes.

    pip install torch==2.13.0 transformers==5.24.0
    python make_encoders.py

Weights are those of make_families.py, at parameters' names. Each family has a head over texts and one over tokens.
"""

import json
import os

import torch
import transformers as T
from waves import fill

torch.set_grad_enabled(False)
cases = []


def rounded(rows):
    return [[round(v, 6) for v in row.tolist()] for row in rows]


def add(name, kind, config, ids, segments=None):
    config.num_labels = 3
    more = {} if segments is None else dict(token_type_ids=torch.tensor([segments]))
    ids = dict(input_ids=torch.tensor([ids]), **more)
    texts = fill(getattr(T, kind + "ForSequenceClassification")(config))(**ids).logits
    tokens = fill(getattr(T, kind + "ForTokenClassification")(config))(**ids).logits[0]
    keys = config.to_dict()
    for key in ("architectures", "dtype", "transformers_version", "use_cache", "return_dict", "output_hidden_states"):
        keys.pop(key, None)
    cases.append(dict(name=name, config=json.dumps(keys), ids=ids["input_ids"][0].tolist(), segments=segments or [], texts=rounded(texts), tokens=rounded(tokens)))


sizes = dict(vocab_size=12, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=20)
words = [3, 5, 7, 2, 9, 11, 4, 8, 6, 5, 10, 3]
pair = [0] * 7 + [1] * 5
add("bert", "Bert", T.BertConfig(**sizes), words, pair)
add("roberta", "Roberta", T.RobertaConfig(**sizes, type_vocab_size=1), words)
add("xlm-roberta", "XLMRoberta", T.XLMRobertaConfig(**sizes, type_vocab_size=1), words)
add("camembert", "Camembert", T.CamembertConfig(**sizes, type_vocab_size=1), words)
add("electra", "Electra", T.ElectraConfig(**sizes, embedding_size=10), words, pair)
add("electra, one width", "Electra", T.ElectraConfig(**sizes, embedding_size=16), words, pair)
add("distilbert", "DistilBert", T.DistilBertConfig(vocab_size=12, dim=16, hidden_dim=24, n_layers=2, n_heads=2, max_position_embeddings=20), words)
modern = dict(sizes, num_hidden_layers=4, local_attention=5, pad_token_id=0, bos_token_id=3, eos_token_id=3, cls_token_id=3, sep_token_id=3)
add("modernbert", "ModernBert", T.ModernBertConfig(**modern), words)
add("modernbert, mean", "ModernBert", T.ModernBertConfig(**modern, classifier_pooling="mean"), words)

golden = dict(format="encoders", version=1, torch=torch.__version__, transformers=T.__version__, cases=cases)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "encoders.json"), "w") as file:
    json.dump(golden, file, indent=0)
    file.write("\n")
