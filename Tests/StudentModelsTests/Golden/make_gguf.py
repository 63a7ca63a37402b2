"""Writes small models as GGUF files, and gguf.json: the logits of transformers for the same weights, the ids of tokenizers for
the same vocabulary, and the chat template's text.

    pip install torch==2.13.0 transformers==5.24.0 gguf==0.19.0
    python make_gguf.py
"""

import json
import os

import numpy as np
import torch
import transformers as T
from decoder_keys import add_decoder_keys, add_tokenizer_keys, permuted, write
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter, TokenType, quants
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

torch.set_grad_enabled(False)
here = os.path.dirname(os.path.abspath(__file__))
random = np.random.default_rng(7)
CORPUS = [
    "The quick brown fox jumps over the lazy dog, and the dog doesn't mind: it's used to that by now.",
    "In 2024 there were 1,234 answers; in 2025 there will be 56789 of them, they say.",
    "HELLO World, hello WORLD. Straße, Café, naïve résumé.\n\nTabs\tand   spaces\r\nand lines.",
    "if (x == 10) { return x + 1; } else { return [x, -x]; }  # done",
] * 4
TEXTS = [
    "The dog says hello in 2024.", " two  spaces and\ttabs ", "it's 12345 o'clock, isn't it? WE'LL see", "\n\nlines\r\n end \n",
    "Café and Cafe\u0301, Straße 😀 中文 ｱｲｳ", "", " ", "plain<|im_end|> marks <tool> in text", "x" * 40, "१२३ and ١٢٣ and ²³½", "HelloWorld helloWORLD",
]
CHATML = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
PLAIN = "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}{% else %}{{ ' ' + m['content'] + eos_token }}{% endif %}{% endfor %}"
ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*|\p{{N}}" + REST.replace(r"[\r\n]*|", r"[\r\n/]*|", 1)


def by_pattern(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


SPLITS = {
    "gpt-2": lambda: pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": lambda: pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
    "llama-bpe": lambda: by_pattern(ENDINGS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + REST),
    "qwen2": lambda: by_pattern(ENDINGS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + REST),
    "tekken": lambda: by_pattern(TEKKEN),
}
SPECIAL = ["<|im_start|>", "<|im_end|>", "<|end|>"]


def bytes_tokenizer(pre):
    # Trained without cuts, so that merges reach across all of them and each way of cutting shows.
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    t.train_from_iterator([w for line in CORPUS for w in [line, *line.split()]], trainers.BpeTrainer(vocab_size=360, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=SPECIAL, show_progress=False))
    model = json.loads(t.to_str())["model"]
    ignores = pre in ("llama-bpe", "tekken")
    t = Tokenizer(models.BPE(vocab=model["vocab"], merges=[tuple(m) for m in model["merges"]], ignore_merges=ignores))
    t.add_special_tokens(SPECIAL)
    t.add_tokens([AddedToken("<tool>", normalized=False)])
    if pre == "qwen2":
        t.normalizer = normalizers.NFC()
    t.pre_tokenizer = SPLITS[pre]()
    t.decoder = decoders.ByteLevel()
    if ignores:
        start = ("<|im_start|>", t.token_to_id("<|im_start|>"))
        t.post_processor = processors.TemplateProcessing(single="<|im_start|> $A", pair="<|im_start|> $A <|im_start|>:1 $B:1", special_tokens=[start])
    tokens = [t.id_to_token(i) for i in range(t.get_vocab_size())]
    types = [TokenType.CONTROL if x in SPECIAL else TokenType.USER_DEFINED if x == "<tool>" else TokenType.NORMAL for x in tokens]
    return t, dict(model="gpt2", pre=pre, tokens=tokens, types=types, merges=[" ".join(m) for m in model["merges"]], bos=0, eos=1, template=CHATML)


def piece_tokenizer():
    letters = sorted({c for line in CORPUS for c in line.replace(" ", "▁")} - {"\n", "\t", "\r"})
    words = ["▁the", "▁The", "the", "he", "▁t", "▁d", "og", "dog", "▁dog", "in", "▁in", "▁i", "ll", "he", "hello", "▁hello", "▁he", "llo", "▁▁", "an", "and", "▁and", "▁an", "re", "er", "s,", "▁s", "sa", "ay", "ays", "says", "▁says", "20", "24", "2024"]
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    words = [w for i, w in enumerate(words) if w not in words[:i]]
    tokens += words + letters
    scores = [0.0] * 259 + [-float(i) for i in range(len(words))] + [-1000.0 - i for i in range(len(letters))]
    vocab = {t: i for i, t in enumerate(tokens)}
    merges = []
    for token, score in zip(tokens, scores):
        splits = [(token[:i], token[i:]) for i in range(1, len(token)) if token[:i] in vocab and token[i:] in vocab]
        splits.sort(key=lambda p: (scores[vocab[p[0]]], scores[vocab[p[1]]]), reverse=True)
        merges += [(score, pair) for pair in splits]
    merges.sort(key=lambda m: m[0], reverse=True)
    t = Tokenizer(models.BPE(vocab=vocab, merges=[m for _, m in merges], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.add_special_tokens(["<unk>", "<s>", "</s>"])
    # As in the tokenizer.json of Llama 2.
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    types = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL] + [TokenType.BYTE] * 256 + [TokenType.NORMAL] * (len(tokens) - 259)
    return t, dict(model="llama", pre="default", tokens=tokens, types=types, scores=scores, bos=1, eos=2, unk=0, template=PLAIN)


NAMES = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def gguf_name(path):
    head, kind = path.rsplit(".", 1)
    whole = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}.get(head)
    if whole:
        return f"{whole}.{kind}"
    _, _, layer, part = head.split(".", 3)
    return f"blk.{layer}.{NAMES[part]}.{kind}"


cases = []


def add(name, arch, config, made, types, freqs=None, **keys):
    tokenizer, t = made
    config.vocab_size = len(t["tokens"])
    model = T.AutoModelForCausalLM.from_config(config).eval()
    path = os.path.join(here, f"{name}.gguf")
    w = GGUFWriter(path, arch)
    add_decoder_keys(w, config, keys.get("key_length"))
    add_tokenizer_keys(w, t)
    tied = config.tie_word_embeddings
    for path_, parameter in model.named_parameters():
        if tied and path_ == "lm_head.weight":
            continue
        flat = parameter.dim() == 1
        start = 1.0 if flat and "norm" in path_ else 0.0
        values = (start + random.normal(0, 0.2 if flat else 0.4, tuple(parameter.shape))).astype(np.float32)
        kind = Type.F32 if flat else types[len(gguf_name(path_)) % len(types)]
        turned = arch == "llama" and ("q_proj" in path_ or "k_proj" in path_)
        if turned:
            values = permuted(values, config.num_attention_heads if "q_proj" in path_ else config.num_key_value_heads)
        packed = quants.quantize(values, kind)
        values = quants.dequantize(packed, kind)
        if turned:
            heads = config.num_attention_heads if "q_proj" in path_ else config.num_key_value_heads
            values = values.reshape(heads, -1, 2, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
        w.add_tensor(gguf_name(path_), packed, raw_dtype=kind)
    if freqs is not None:
        w.add_tensor("rope_freqs.weight", np.asarray(freqs, np.float32))
    write(w)
    ids = tokenizer.encode("The dog says hello in 2024, and it's over.").ids
    logits = model(torch.tensor([ids])).logits[0]
    if freqs is None and not keys:
        # (It does not read the size of a head of Qwen3.)
        # What transformers makes of the file itself.
        again = T.AutoModelForCausalLM.from_pretrained(here, gguf_file=f"{name}.gguf", dtype=torch.float32)
        assert torch.allclose(again(torch.tensor([ids])).logits[0], logits, atol=1e-4), name
    wrapped = T.PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=t["tokens"][t["bos"]], eos_token=t["tokens"][t["eos"]], chat_template=t["template"])
    chat = [dict(role="user", content="Who says hello?"), dict(role="assistant", content="The dog.")]
    cases.append(
        dict(
            name=name, ids=ids, logits=[[round(v, 6) for v in row.tolist()] for row in logits[-3:]], texts=[tokenizer.encode(x).ids for x in TEXTS],
            spoken=[tokenizer.decode(tokenizer.encode(x).ids) for x in TEXTS], chat=wrapped.apply_chat_template(chat, tokenize=False),
            prompt=wrapped.apply_chat_template(chat[:1], tokenize=False, add_generation_prompt=True),
        )
    )


sizes = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=256, rms_norm_eps=1e-5)
plain = dict(rope_type="default", rope_theta=1000.0)
add("llama", "llama", T.LlamaConfig(**sizes, rope_parameters=plain), piece_tokenizer(), [Type.Q4_0, Type.Q8_0, Type.Q5_1])
scaled = dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)
pairs = 500000.0 ** (-2 * np.arange(8) / 16)
waves = 2 * np.pi / pairs
share = (8192 / waves - 1) / 3
factors = np.where(waves < 2048, 1, np.where(waves > 8192, 8, 1 / ((1 - share) / 8 + share)))
add("llama3", "llama", T.LlamaConfig(**sizes, rope_parameters=scaled, tie_word_embeddings=True), bytes_tokenizer("llama-bpe"), [Type.Q4_1, Type.Q5_0], freqs=factors)
add("qwen2", "qwen2", T.Qwen2Config(**sizes, rope_parameters=plain, tie_word_embeddings=True), bytes_tokenizer("qwen2"), [Type.Q8_0, Type.BF16])
add("qwen3", "qwen3", T.Qwen3Config(**sizes, head_dim=24, rope_parameters=plain, tie_word_embeddings=True), bytes_tokenizer("qwen2"), [Type.F16], key_length=24)
splits = {pre: [bytes_tokenizer(pre)[0].encode(x).ids for x in TEXTS] for pre in SPLITS}
with open(os.path.join(here, "gguf.json"), "w") as file:
    json.dump(dict(format="gguf models", version=1, transformers=T.__version__, texts=TEXTS, splits=splits, cases=cases), file, ensure_ascii=False)
    file.write("\n")
