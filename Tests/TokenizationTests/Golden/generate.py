"""Writes the golden files beside it: what Hugging Face `tokenizers` and Jinja say about small tokenizers and templates.

    python3 -m venv venv && venv/bin/pip install tokenizers==0.23.3 transformers==5.24.0 jinja2==3.1.6 sentencepiece==0.2.3 \
        protobuf fugashi==1.5.2 ipadic==1.0.0
    venv/bin/python generate.py

Each `tokenizer-*.json` holds a whole tokenizer.json and cases; `components.json` holds single components inside a
tokenizer that shows every byte; `templates.json` holds templates with variables and the rendered text; `sentencepiece.json`
holds small files of SentencePiece and what its own package makes of texts, `japanese.json` what transformers makes of
Japanese ones with the words of fugashi's MeCab and the dictionary ipadic.
"""
import base64
import io
import json
import os
import random
import tempfile

import sentencepiece
import tokenizers
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers.utils.chat_template_utils import _compile_jinja_template

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = {"tokenizers": tokenizers.__version__, "transformers": transformers.__version__, "sentencepiece": sentencepiece.__version__}
CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = CONTRACTIONS + r"\p{N}" + REST
LLAMA3 = CONTRACTIONS + r"\p{N}{1,3}" + REST

CORPUS = [
    "A brown dog runs over the wet sand at the beach.", "Two children play with a red ball in the park.",
    "The mayor opened the new bridge on 14 May 2019.", "People don't swim here, they're only walking.",
    "def add(a, b):\n    return a + b", "for (int i = 0; i < 10; ++i) { sum += i; }", "Zwei Hunde spielen im Schnee für Überraschungen.",
    "Un café à la crème, s'il vous plaît.", "東京で新しい駅が開業した。", "北京的孩子们在公园里玩球。", "서울에서 새로운 다리가 열렸다.",
    "Собака бежит по пляжу.", "שלום לכולם בחוף הים", "كلب يركض على الشاطئ", "I ❤️ dogs 👩‍👩‍👧‍👦 and 👍🏽 balls",
] * 3


def texts():
    r = random.Random(20)
    parts = [
        "dog", " the", "Park", "don't", "DON'T", "'ſ", "’s", "12", "3.50", "2019", "é", "e\u0301", "Å", "A\u030a", "ﬁ", "①", "½", "²", "ß", "İ", "東京", "公园", "한국", "각",
        "שלום", "العَرَبِيَّة", "👩‍👩‍👧‍👦", "👍🏽", "❤️", "🇯🇵", " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u200b", "\u0000", "\u007f", "\u0085", "\u00ad", "\ufffd", "\ufeff",
        "!", "...", "_", "<image>", "<s>", "[MASK]", "<|end|>", "▁", "\U0001f9d1", "\U000e0041", "\u0345\u0301", "ǅ", "a" * 20,
    ]
    out = ["", " ", "A dog runs.", "  two  spaces ", CORPUS[13], CORPUS[14], "line\n\n  line"]
    for _ in range(40):
        out.append("".join(r.choice(parts) for _ in range(r.randint(1, 10))))
    for _ in range(8):
        out.append("".join(chr(r.choice([r.randint(0, 0x24F), r.randint(0, 0xD7FF), r.randint(0xE000, 0x10FFFF)])) for _ in range(r.randint(1, 8))))
    for _ in range(6):
        out.append(bytes(r.randint(0, 255) for _ in range(r.randint(1, 20))).decode("utf-8", "replace"))
    return out


def cases(tokenizer, lines):
    out = []
    for line in lines:
        e = tokenizer.encode(line)
        out.append({
            "text": line, "ids": e.ids, "bare": tokenizer.encode(line, add_special_tokens=False).ids,
            "offsets": [x for pair in e.offsets for x in pair], "types": e.type_ids,
            "decoded": tokenizer.decode(e.ids, skip_special_tokens=False), "decodedSkipping": tokenizer.decode(e.ids),
        })
    return out


def pairs(tokenizer, lines):
    out = []
    for a, b in zip(lines, lines[7:] + lines[:7]):
        e = tokenizer.encode(a, b)
        out.append({"text": a, "pair": b, "ids": e.ids, "offsets": [x for pair in e.offsets for x in pair], "types": e.type_ids})
    return out[::4]


def truncations(tokenizer, line, pair):
    out = []
    for strategy in ("longest_first", "only_first", "only_second"):
        for direction in ("right", "left"):
            for length in (6, 9, 14):
                t = Tokenizer.from_str(tokenizer.to_str())
                t.enable_truncation(length, strategy=strategy, direction=direction)
                for second in (None, pair):
                    try:
                        ids = t.encode(line, second).ids if second else t.encode(line).ids
                    except Exception:
                        continue
                    out.append({"strategy": strategy, "direction": direction, "length": length, "pair": second, "text": line, "ids": ids})
    return out


def write(name, value):
    with open(f"{HERE}/{name}.json", "w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False, separators=(",", ":"))
        f.write("\n")


def byte_level(pre, specials, vocab=420, normalizer=None, post=None):
    t = Tokenizer(models.BPE())
    if normalizer:
        t.normalizer = normalizer
    t.pre_tokenizer = pre
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=vocab, special_tokens=specials, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    if post:
        t.post_processor = post
    return t


def split(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def families():
    digits = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    yield "smolvlm", byte_level(digits, ["<|end|>", "<image>"])
    yield "qwen2", byte_level(split(QWEN2), ["<|end|>", "<image>"], normalizer=normalizers.NFC())
    llama3 = byte_level(split(LLAMA3), ["<s>", "<|end|>"], post=processors.Sequence([
        processors.ByteLevel(trim_offsets=True), processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 0)])]))
    j = json.loads(llama3.to_str())
    j["model"]["ignore_merges"] = True
    j["model"]["vocab"]["Park"] = len(j["model"]["vocab"])
    yield "llama3", Tokenizer.from_str(json.dumps(j))
    yield "roberta", byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True), ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], post=processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=True))

    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.train_from_iterator([l.replace(" ", "▁") for l in CORPUS], trainers.BpeTrainer(vocab_size=560, special_tokens=["<unk>", "<s>", "</s>", "<image>"] + [f"<0x{i:02X}>" for i in range(256)], max_token_length=16, show_progress=False))
    j = json.loads(t.to_str())
    j["added_tokens"] = [a for a in j["added_tokens"] if not a["content"].startswith("<0x")]
    t = Tokenizer.from_str(json.dumps(j))
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    yield "llama", t

    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    t.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=300, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
    t.post_processor = processors.TemplateProcessing(single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    t.add_special_tokens([tokenizers.AddedToken("[MASK]", lstrip=True, special=True)])
    t.add_tokens([tokenizers.AddedToken("Park", single_word=True), tokenizers.AddedToken("DOG", rstrip=True)])
    yield "bert", t

    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.Precompiled(charsmap()), normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    t.decoder = decoders.Metaspace(prepend_scheme="first")
    t.train_from_iterator(CORPUS, trainers.UnigramTrainer(vocab_size=320, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], unk_token="<unk>", show_progress=False))
    t.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    yield "xlm-roberta", t


def charsmap():
    """A table of replacements like XLM-RoBERTa's, but small: the block that SentencePiece itself builds from rules."""
    pairs = [("\t", " "), ("\n", " "), ("\r", " "), ("\u00a0", " "), ("\u3000", " "), ("\u200b", ""), ("\u007f", ""), ("ﬁ", "fi"), ("①", "1"), ("½", "1⁄2"), ("²", "2"), ("e\u0301", "é"), ("A\u030a", "Å"), ("カ\u3099", "ガ"), ("！", "!")]
    rules = "".join(" ".join(f"{ord(c):X}" for c in a) + "\t" + " ".join(f"{ord(c):X}" for c in b) + "\n" for a, b in pairs)
    with open("/tmp/rules.tsv", "w") as f:
        f.write(rules)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=model, vocab_size=170, normalization_rule_tsv="/tmp/rules.tsv", minloglevel=2)
    return precompiled(model.getvalue())


SPM_RULES = [("ﬁ", "fi"), ("A\u0300", "À"), ("A", "a"), ("\t", " "), ("\n", " "), ("\u3000", " "), ("\u200b", ""), ("...", "…"), ("..", "‥"), ("½", "1 2")]
SPM_BYTES = dict(model_type="bpe", byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True)
SPM_MODELS = {
    "llama": dict(SPM_BYTES, vocab_size=480),
    "gemma": dict(
        SPM_BYTES, vocab_size=480, add_dummy_prefix=False, pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>",
        user_defined_symbols=["<mask>", "<start_of_turn>", "\n", "\n\n", "▁▁", "▁▁▁", "<b>", "</b>"]),
    "pieces": dict(model_type="bpe", vocab_size=230, normalization_rule_tsv="rules", user_defined_symbols=["dog", "do", "ogs", "…"]),
    "unigram": dict(model_type="unigram", vocab_size=430, byte_fallback=True, normalization_rule_tsv="rules", user_defined_symbols=["dog", "do", "ogs"]),
    "plain": dict(model_type="unigram", vocab_size=170, normalization_rule_tsv="rules"),
}


def spm_lines(kind):
    r = random.Random(kind)
    parts = ["dog", "dogs", "do", "▁", "▁▁", "  ", "   ", " ", "\n", "\n\n", "\t", "A\u0300", "A", "...", "..", ".", "½", "\u200b", "<b>", "</b>", "the", "東京", "ﬁ", "\u3000", "ogs", "<0x41>", "é"]
    out = texts()
    for _ in range(60):
        out.append("".join(r.choice(parts) for _ in range(r.randint(1, 9))))
    return out


def spm_token(content, special=True):
    return {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": special}


SPM_ADDED = {"0": spm_token("<unk>"), "1": spm_token("<s>"), "2": spm_token("</s>"), "480": spm_token("<pad>"), "481": spm_token("<x>", False)}
SPM_FOLDERS = {
    "llama": [
        ("llama", {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True}), ("llama", {"tokenizer_class": "LlamaTokenizer", "legacy": None, "add_eos_token": True}),
        ("llama", {"tokenizer_class": "LlamaTokenizer", "add_prefix_space": False}), ("llama", {}), ("llava", {"tokenizer_class": "LlamaTokenizer", "pad_token": "<pad>"}),
        ("mistral", {"tokenizer_class": "LlamaTokenizer", "legacy": False, "add_bos_token": True, "add_eos_token": True}),
        ("llama", {"tokenizer_class": "LlamaTokenizer", "added_tokens_decoder": SPM_ADDED, "pad_token": "<pad>"}),
    ],
    "gemma": [("gemma3_text", {"tokenizer_class": "GemmaTokenizer", "add_bos_token": True}), ("gemma2", {})],
}


def spm_folder(kind, model, model_type, configuration):
    """What transformers makes of texts with special tokens. Its LlamaTokenizer takes a space at the beginning for SentencePiece's own, so no text begins with one."""
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/tokenizer.model", "wb") as f:
            f.write(model)
        for name, value in (("config", {"model_type": model_type}), ("tokenizer_config", configuration)):
            with open(f"{folder}/{name}.json", "w") as f:
                json.dump(value, f)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        r = random.Random(model_type)
        parts = ["A dog", "runs", " over", "</s>", "<s>", "<unk>", "<x>", "<pad>", "<mask>", "<bos>", "<start_of_turn>", "\n", "<b>", " the", "wet"]
        texts = ["a"] + ["on" + "".join(r.choice(parts) for _ in range(r.randint(1, 8))) for _ in range(24)]
        cases = [{"text": t, "ids": tokenizer(t)["input_ids"], "decoded": tokenizer.decode(tokenizer(t, add_special_tokens=False)["input_ids"])} for t in texts]
    return {"kind": kind, "model_type": model_type, "configuration": configuration, "count": len(tokenizer), "cases": cases}


def sentencepiece_models():
    with open("/tmp/rules.tsv", "w") as f:
        for text, replacement in SPM_RULES:
            f.write(" ".join(f"{ord(c):X}" for c in text) + "\t" + " ".join(f"{ord(c):X}" for c in replacement) + "\n")
    out = {"versions": VERSIONS, "models": [], "folders": []}
    for kind, options in SPM_MODELS.items():
        if options.get("normalization_rule_tsv"):
            options["normalization_rule_tsv"] = "/tmp/rules.tsv"
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(CORPUS), model_writer=model, character_coverage=0.98, minloglevel=2, num_threads=1, hard_vocab_limit=False, **options)
        p = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
        # Tokens that transformers finds in a text first are texts to SentencePiece.
        found = [p.id_to_piece(i) for i in range(len(p)) if p.is_control(i) or p.is_unknown(i)] + ["<mask>", "<start_of_turn>"]
        cases = [{"text": t, "ids": p.encode(t)} for t in spm_lines(kind) if not any(s in t for s in found)]
        if kind in ("llama", "gemma"):
            out["folders"] += [spm_folder(kind, model.getvalue(), *files) for files in SPM_FOLDERS[kind]]
        out["models"].append({"kind": kind, "model": base64.b64encode(model.getvalue()).decode(), "size": len(p), "cases": cases})
    return out


JAPANESE = ["東京で新しい駅が開業した。", "しかし彼女は行きたくなかった、", "すもももももももものうち", "二酸化炭素の特許を出願していただけますか？", "ＡＩと量子コンピュータについて調べた。", "犬を食べさせられた！", "グリーン・イノベーション", "電車から届いた"]
JAPANESE_PARTS = ["２０２６年１１月", "3.14", "http://example.jp/", "ﾊﾝｶｸ", "①", "か゛", "\u3000", " ", "\t", "「犬」", "（笑）", "ー", "々", "🐕", "é", "İ", "ΑΒ", "[MASK]", "[SEP]", "\u200b", "\x1c", "\u2028", "𠮷野家", "㌔", "㍿", "한국", "Dogs RUN.", "a" * 120]


def japanese():
    r = random.Random(4)
    lines = list(JAPANESE)
    for _ in range(90):
        lines.append("".join(r.choice(JAPANESE if r.random() < 0.4 else JAPANESE_PARTS) for _ in range(r.randint(0, 4))))
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "東京", "新しい", "開業", "しかし", "彼女", "すもも", "もも", "うち", "二酸化", "特許", "について", "調べ", "コンピュータ", "いただけ", "ます", "グリーン", "イノベ", "##ーション", "dogs", "run", "ai", "AI", "Do", "##gs", "2026", "20", "##26", "11", "http", "://"]
    characters = sorted(set("".join(JAPANESE)) - set("駅犬"))
    vocabulary += [c for c in characters if c not in vocabulary] + ["##" + c for c in characters[::2]] + ["(", ")", "笑", "é", "á", "株式会社", "キロ"]
    out = {"versions": VERSIONS, "vocabulary": vocabulary, "kinds": []}
    for settings in ({"subword_tokenizer_type": "wordpiece"}, {"subword_tokenizer_type": "wordpiece", "do_lower_case": True}, {"subword_tokenizer_type": "character"}):
        settings |= {"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": "ipadic"}}
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/vocab.txt", "w") as f:
                f.write("\n".join(vocabulary) + "\n")
            for name, value in (("config", {"model_type": "bert"}), ("tokenizer_config", settings)):
                with open(f"{folder}/{name}.json", "w") as f:
                    json.dump(value, f)
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            pair = tokenizer(JAPANESE[0], JAPANESE[1], return_token_type_ids=True)
            out["kinds"].append({
                "settings": settings, "cases": [{"text": t, "ids": tokenizer(t)["input_ids"]} for t in lines],
                "pair": {"ids": pair["input_ids"], "types": pair["token_type_ids"]}})
    return out


def precompiled(model):
    """The field normalizer_spec.precompiled_charsmap of a model (a protocol buffer: field 3, in it field 2)."""

    def fields(data):
        at = 0

        def varint():
            nonlocal at
            shift = value = 0
            while True:
                byte = data[at]
                at += 1
                value |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    return value

        while at < len(data):
            key = varint()
            kind = key & 7
            if kind == 0:
                varint()
            elif kind == 5:
                at += 4
            else:
                size = varint()
                yield key >> 3, data[at:at + size]
                at += size

    spec = next(v for k, v in fields(model) if k == 3)
    return next(v for k, v in fields(spec) if k == 2)


def components():
    vocab = {f"<0x{i:02X}>": i for i in range(256)}
    base = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None}
    spelled = base | {"model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": True, "ignore_merges": False, "vocab": vocab, "merges": []}}
    whole = base | {"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0}}}
    N = [{"type": k} for k in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "ByteLevel")]
    N += [
        {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]},
        {"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Prepend", "prepend": "▁"},
        {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        {"type": "BertNormalizer", "clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}, {"type": "Replace", "pattern": {"Regex": "\\s{2,}|[^\\w\\s]"}, "content": "é"},
    ]
    P = [{"type": k} for k in ("Whitespace", "WhitespaceSplit", "BertPreTokenizer")]
    P += [{"type": "Digits", "individual_digits": b} for b in (True, False)]
    for behavior in ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"):
        P += [{"type": "Punctuation", "behavior": behavior}]
        P += [{"type": "Split", "pattern": {"Regex": "\\s+|\\p{N}"}, "behavior": behavior, "invert": b} for b in (True, False)]
        P += [{"type": "Split", "pattern": {"String": "a"}, "behavior": behavior, "invert": False}]
    P += [{"type": "Metaspace", "replacement": "▁", "prepend_scheme": s, "split": b} for s in ("always", "first", "never") for b in (True, False)]
    P += [{"type": "Metaspace", "replacement": "_", "add_prefix_space": False, "prepend_scheme": "never"}, {"type": "CharDelimiterSplit", "delimiter": "o"}]
    for pattern in (
        QWEN2, LLAMA3, "(?:" + QWEN2 + ")", r"(?<=a)b|(?<!\s)\d+|(?<=[a-z]{2,3}) ", r"\w+?(?=\W|$)|^\s|\bthe\b", r"(a|b)*c?|x{2,}", r"[^\x00-\x7F]+|[a-z&&[^aeiou]]+|[[:digit:]]+",
        r"(?>\s+)\S|\A.|.\z", r"(?i:the|DOG|[à-ö]+)\B", r"(?m:a.b)|.$", r"[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    ):
        P += [{"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}]
    lines, out = texts(), []
    for kind, base, parts in (("normalizer", spelled, N), ("pre_tokenizer", whole, P)):
        for part in parts:
            t = Tokenizer.from_str(json.dumps(base | {kind: part}))
            encodings = [t.encode(line) for line in lines]
            out.append({"kind": kind, "component": part, "ids": [e.ids for e in encodings], "offsets": [[x for pair in e.offsets for x in pair] for e in encodings]})
    D = [
        {"type": "WordPiece", "prefix": "##", "cleanup": True}, {"type": "WordPiece", "prefix": "##", "cleanup": False}, {"type": "Fuse"}, {"type": "ByteFallback"}, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": True},
        {"type": "Strip", "content": " ", "start": 1, "stop": 1}, {"type": "BPEDecoder", "suffix": "</w>"}, {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "Replace", "pattern": {"Regex": "\\d+"}, "content": "#"},
    ]
    words = ["A", "##b", "▁the", "▁", "dog</w>", "Ġdog", "é", "ÃŃ", "<0xE2>", "<0x82>", "<0xAC>", " n't", ".", "do not", "  12", "##", "</w>", "'s"]
    vocab = {w: i for i, w in enumerate(words)}
    r = random.Random(4)
    lists = [[r.randrange(len(words)) for _ in range(r.randint(0, 8))] for _ in range(40)]
    for part in D:
        model = {"type": "WordPiece", "unk_token": "A", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocab}
        t = Tokenizer.from_str(json.dumps(base | {"model": model, "decoder": part}))
        out.append({"kind": "decoder", "component": part, "model": model, "lists": lists, "texts": [t.decode(ids, skip_special_tokens=False) for ids in lists]})
    return {"versions": VERSIONS, "texts": lines, "spelled": spelled, "whole": whole, "cases": out}


def templates():
    variables = {
        "messages": [{"role": "user", "content": "Hi é 'q'\n"}, {"role": "assistant", "content": [{"type": "text", "text": "T"}, {"type": "image"}]}],
        "x": [3, 1, 2], "s": "Hello World foo", "d": {"b": 1, "a": [1, None, True, 2.5, "q'\"\n\u200b"], "items": 5}, "n": 7, "f": 2.5, "e": "", "z": None, "t": True,
        "tools": [{"name": "g", "parameters": {"p": "é <b>&"}}], "big": [{"k": "b", "v": 2}, {"k": "a", "v": 1}, {"k": "B", "v": 0}],
    }
    with open(f"{HERE}/templates.txt", encoding="utf-8") as f:
        sources = f.read().split("\n====\n")
    out = []
    for source in sources:
        try:
            out.append({"template": source, "text": _compile_jinja_template(source).render(**variables)})
        except Exception as error:
            out.append({"template": source, "error": type(error).__name__})
    return {"versions": VERSIONS, "variables": variables, "cases": out}


lines = texts()
for name, tokenizer in families():
    write("tokenizer-" + name, {
        "versions": VERSIONS, "tokenizer": json.loads(tokenizer.to_str()), "count": tokenizer.get_vocab_size(), "cases": cases(tokenizer, lines),
        "pairs": pairs(tokenizer, lines), "truncations": truncations(tokenizer, CORPUS[0], CORPUS[1])})
write("components", components())
write("templates", templates())
write("sentencepiece", sentencepiece_models())
write("japanese", japanese())
