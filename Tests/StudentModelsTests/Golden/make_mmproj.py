"""Writes small models that read images as pairs of GGUF files, a decoder's and the one with its tower, and mmproj.json: the ids
and logits of transformers for the same weights, pictures and conversations. Names of tensors are those of the gguf package.

    pip install torch==2.13.0 transformers==5.24.0 gguf==0.19.0 pillow
    python make_mmproj.py

Byte c of pixel (x, y) of a picture is (7 x + 13 y + 50 c + x y) mod 256.
"""

import json
import os

import numpy as np
import torch
import transformers as T
from decoder_keys import add_decoder_keys, add_tokenizer_keys, permuted, write
from gguf import MODEL_ARCH, GGUFWriter, TokenType, VisionProjectorType, get_tensor_name_map
from gguf import GGMLQuantizationType as Type
from PIL import Image
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

torch.set_grad_enabled(False)
here = os.path.dirname(os.path.abspath(__file__))
random = np.random.default_rng(11)
CORPUS = ["A red car in the street.", "Two people on a beach at night.", "The caption belongs to the photo, or it doesn't."] * 4
SMOL = "<|im_start|>{% for m in messages %}{{ m['role'] }}:{% for p in m['content'] %}{% if p['type'] == 'image' %}<image>{% else %}{{ p['text'] }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
QWEN = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% for p in m['content'] %}{% if p['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ p['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
SMOL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"] + [f"<row_{r}_col_{c}>" for r in (1, 2) for c in (1, 2)]
QWEN_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
cases = []


def tokenizer(pre, special):
    t = Tokenizer(models.BPE())
    if pre == "smollm":
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    else:
        t.normalizer = normalizers.NFC()
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(WORDS), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=special, show_progress=False))
    return t


def picture(width, height):
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return Image.fromarray(((7 * x + 13 * y + 50 * c + x * y) % 256).astype(np.uint8))


def add(name, arch, model, t, special, template, processor, fill_keys, mapping, text_prefix, sizes=((40, 26), (19, 33))):
    model = model.eval()
    text = model.config.text_config
    w = GGUFWriter(os.path.join(here, f"{name}.gguf"), arch)
    tokens = [t.id_to_token(i) for i in range(t.get_vocab_size())]
    end = "<end_of_utterance>" if arch == "llama" else "<|im_end|>"
    add_decoder_keys(w, text, text.head_dim if arch == "qwen3vl" else None)
    if arch == "qwen3vl":
        w.add_num_deepstack_layers(len(model.config.vision_config.deepstack_visual_indexes))
    add_tokenizer_keys(w, dict(
        model="gpt2", pre="smollm" if arch == "llama" else "qwen2", tokens=tokens,
        types=[TokenType.CONTROL if x in special else TokenType.NORMAL for x in tokens],
        merges=[" ".join(m) for m in json.loads(t.to_str())["model"]["merges"]], bos=special.index("<|im_start|>"), eos=special.index(end),
        add_bos=False, template=template))
    v = GGUFWriter(os.path.join(here, f"mmproj-{name}.gguf"), "clip")
    v.add_type("mmproj")
    v.add_clip_has_vision_encoder(True)
    v.add_vision_projection_dim(text.hidden_size)
    fill_keys(v, model.config.vision_config)
    text_names = get_tensor_name_map(getattr(MODEL_ARCH, arch.upper()), text.num_hidden_layers)
    tower_names = get_tensor_name_map(MODEL_ARCH.MMPROJ, 8)
    for path, parameter in model.named_parameters():
        flat = parameter.dim() == 1
        start = 1.0 if flat and path.endswith("weight") else 0.0
        values = (start + random.normal(0, 0.2, tuple(parameter.shape))).astype(np.float32)
        half = not flat and "embed" not in path
        if half:
            values = values.astype(np.float16).astype(np.float32)
        parameter.copy_(torch.from_numpy(values))
        kind = np.float16 if half else np.float32
        if path == "lm_head.weight" or path.startswith(text_prefix):
            if "q_proj" in path or "k_proj" in path:
                if arch == "llama":
                    values = permuted(values, text.num_attention_heads if "q_proj" in path else text.num_key_value_heads)
            key = path.replace(text_prefix, "model.")
            w.add_tensor(text_names.get_name(key, (".weight", ".bias")), values.astype(kind))
            continue
        key = mapping(path)
        if ".qkv." in key and arch == "qwen2vl":
            for part, piece in zip("qkv", np.split(values, 3)):
                v.add_tensor(tower_names.get_name(key.replace("qkv", part), (".weight", ".bias")), piece.astype(kind))
        elif values.ndim == 5:
            base = tower_names.get_name(key, (".weight",))
            v.add_tensor(base, np.ascontiguousarray(values[:, :, 0]))
            v.add_tensor(base + ".1", np.ascontiguousarray(values[:, :, 1]))
        else:
            v.add_tensor(tower_names.get_name(key, (".weight", ".bias")) or key, values.astype(kind))
    write(w, v)
    turns = [dict(role="user", content=[dict(type="image"), dict(type="text", text="or"), dict(type="image"), dict(type="text", text=" 2 cars?")])]
    prompt = processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    inputs = processor(text=[prompt], images=[picture(*s) for s in sizes], return_tensors="pt")
    logits = model(**inputs).logits[0]
    ids = inputs["input_ids"][0].tolist()
    cases.append(dict(name=name, ids=ids, prompt=prompt, sizes=sizes, logits=[[round(x, 6) for x in row.tolist()] for row in logits[-3:]]))


# A tile's side is no multiple of the patch, as in SmolVLM of 2.2 B (384 and 14).
t = tokenizer("smollm", SMOL_TOKENS)
text = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=t.get_vocab_size(), max_position_embeddings=256, rms_norm_eps=1e-5)
config = T.Idefics3Config(image_token_id=3, scale_factor=2, tie_word_embeddings=False, pad_token_id=2,
    text_config=dict(text, model_type="llama", rope_parameters=dict(rope_type="default", rope_theta=500.0)),
    vision_config=dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=18, patch_size=4))
images = T.Idefics3ImageProcessorPil(size=dict(longest_edge=36), max_image_size=dict(longest_edge=18), image_mean=[0.5, 0.4, 0.3], image_std=[0.5, 0.25, 0.75], resample=1)
wrapped = T.PreTrainedTokenizerFast(tokenizer_object=t, bos_token="<|im_start|>", eos_token="<end_of_utterance>", pad_token="<|im_end|>")
processor = T.Idefics3Processor(image_processor=images, tokenizer=wrapped, image_seq_len=4, chat_template=SMOL)


def idefics3_keys(v, c):
    v.add_clip_projector_type(VisionProjectorType.IDEFICS3)
    v.add_vision_image_size(c.image_size)
    v.add_vision_patch_size(c.patch_size)
    v.add_vision_embedding_length(c.hidden_size)
    v.add_vision_feed_forward_length(c.intermediate_size)
    v.add_vision_block_count(c.num_hidden_layers)
    v.add_vision_head_count(c.num_attention_heads)
    v.add_vision_attention_layernorm_eps(c.layer_norm_eps)
    v.add_vision_projector_scale_factor(2)
    v.add_vision_use_gelu(True)
    v.add_vision_preproc_image_size(36)
    v.add_vision_image_mean(images.image_mean)
    v.add_vision_image_std(images.image_std)


add("smolvlm", "llama", T.Idefics3ForConditionalGeneration(config), t, SMOL_TOKENS, SMOL, processor, idefics3_keys, lambda path: path, "model.text_model.")

t = tokenizer("qwen2", QWEN_TOKENS)
text |= dict(vocab_size=t.get_vocab_size(), rope_parameters=dict(rope_type="default", rope_theta=1000.0, mrope_section=[1, 1, 2]), tie_word_embeddings=True, bos_token_id=1, eos_token_id=2)
config = T.Qwen2VLConfig(image_token_id=5, video_token_id=6, vision_start_token_id=3, vision_end_token_id=4, tie_word_embeddings=True, text_config=text,
    vision_config=dict(depth=2, embed_dim=16, hidden_size=32, num_heads=2, mlp_ratio=3, patch_size=4))
images2 = T.Qwen2VLImageProcessorPil(min_pixels=256, max_pixels=700, patch_size=4)
wrapped = T.PreTrainedTokenizerFast(tokenizer_object=t, bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|endoftext|>")
wrapped.image_token, wrapped.video_token = "<|image_pad|>", "<|video_pad|>"


def without_films(kind):
    """A processor without the part for films, which wants a library of its own."""
    return type(kind.__name__, (kind,), {"get_attributes": classmethod(lambda c: ["image_processor", "tokenizer"])})


processor = without_films(T.Qwen2VLProcessor)(image_processor=images2, tokenizer=wrapped, chat_template=QWEN)


def tower_keys(v, c, kind, images, width, inner, side=560):
    v.add_clip_projector_type(kind)
    v.add_vision_image_size(side)
    v.add_vision_patch_size(c.patch_size)
    v.add_vision_embedding_length(width)
    v.add_vision_feed_forward_length(inner)
    v.add_vision_block_count(c.depth)
    v.add_vision_head_count(c.num_heads)
    v.add_vision_attention_layernorm_eps(1e-6)
    v.add_vision_min_pixels(images.size["shortest_edge"])
    v.add_vision_max_pixels(images.size["longest_edge"])
    v.add_vision_image_mean(images.image_mean)
    v.add_vision_image_std(images.image_std)


def qwen2_keys(v, c):
    # What llama.cpp's converter writes as inner width is the decoder's.
    tower_keys(v, c, VisionProjectorType.QWEN2VL, images2, c.embed_dim, c.hidden_size)


def of_visual(path):
    return path.replace("model.visual.", "visual.")


add("qwen2_vl", "qwen2vl", T.Qwen2VLForConditionalGeneration(config), t, QWEN_TOKENS, QWEN, processor, qwen2_keys, of_visual, "model.language_model.")

# Windows of 112 pixels are 7 features wide here; the pictures are 9 and 8 features long.
config = T.Qwen2_5_VLConfig(image_token_id=5, video_token_id=6, vision_start_token_id=3, vision_end_token_id=4, tie_word_embeddings=True, text_config=text,
    vision_config=dict(depth=3, hidden_size=16, intermediate_size=24, out_hidden_size=32, num_heads=2, patch_size=8, fullatt_block_indexes=[1]))
images25 = T.Qwen2VLImageProcessorPil(min_pixels=256, max_pixels=6000, patch_size=8)
processor = without_films(T.Qwen2_5_VLProcessor)(image_processor=images25, tokenizer=wrapped, chat_template=QWEN)


def qwen25_keys(v, c):
    tower_keys(v, c, VisionProjectorType.QWEN25VL, images25, c.hidden_size, c.intermediate_size)
    v.add_vision_use_silu(True)
    v.add_vision_n_wa_pattern(2)


add("qwen2_5_vl", "qwen2vl", T.Qwen2_5_VLForConditionalGeneration(config), t, QWEN_TOKENS, QWEN, processor, qwen25_keys, of_visual, "model.language_model.", sizes=((150, 30), (20, 120)))

# Further levels after the tower's first and last layer, for the first two layers of the decoder.
inner = dict(text, num_hidden_layers=3, head_dim=12, rope_parameters=dict(rope_type="default", rope_theta=1000.0, mrope_section=[2, 2, 2]))
config = T.Qwen3VLConfig(image_token_id=5, video_token_id=6, vision_start_token_id=3, vision_end_token_id=4, tie_word_embeddings=True, text_config=inner,
    vision_config=dict(depth=3, hidden_size=16, intermediate_size=24, out_hidden_size=32, num_heads=2, patch_size=4, num_position_embeddings=25, deepstack_visual_indexes=[0, 2]))
images3 = T.Qwen2VLImageProcessorPil(min_pixels=256, max_pixels=700, patch_size=4, image_mean=[0.5] * 3, image_std=[0.5] * 3)
processor = without_films(T.Qwen3VLProcessor)(image_processor=images3, tokenizer=wrapped, chat_template=QWEN)


def qwen3_keys(v, c):
    tower_keys(v, c, VisionProjectorType.QWEN3VL, images3, c.hidden_size, c.intermediate_size, side=20)
    v.add_vision_use_gelu(True)
    v.add_vision_spatial_merge_size(c.spatial_merge_size)
    v.add_vision_is_deepstack_layers([i in c.deepstack_visual_indexes for i in range(c.depth)])


def of_deep_layers(path):
    """The names of llama.cpp's converter: a deep merger's number is that of its layer."""
    merger = {"norm": "v.post_ln", "linear_fc1": "mm.0", "linear_fc2": "mm.2"}
    parts = path.split(".")
    if parts[2] == "merger":
        return f"{merger[parts[3]]}.{parts[4]}"
    if parts[2] == "deepstack_merger_list":
        layer = config.vision_config.deepstack_visual_indexes[int(parts[3])]
        return f"v.deepstack.{layer}.{parts[4].removeprefix('linear_')}.{parts[5]}"
    return of_visual(path)


add("qwen3_vl", "qwen3vl", T.Qwen3VLForConditionalGeneration(config), t, QWEN_TOKENS, QWEN, processor, qwen3_keys, of_deep_layers, "model.language_model.")
with open(os.path.join(here, "mmproj.json"), "w") as file:
    json.dump(dict(format="gguf pairs", version=1, transformers=T.__version__, cases=cases), file, ensure_ascii=False)
    file.write("\n")
