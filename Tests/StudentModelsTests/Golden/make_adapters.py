"""Writes adapters.json: adapters of every shape that PEFT writes around the token table and the output head, and the logits
that PEFT computes from them.

    pip install torch==2.13.0 transformers==5.24.0 peft==0.21.2
    python make_adapters.py

Base weights are those of make_families.py. Number k of an adapter's tensor is 0.3 * sin(sum of the UTF-8 bytes of its name +
0.7 * (k + 1)); tensors that belong together stand in `equal`, and transposes of others in `transposed`.
"""

import copy
import json
import os
import tempfile
import warnings

import peft
import torch
import transformers as T
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora.config import MontecloraConfig, VeloraConfig
from safetensors.torch import load_file, save_file

warnings.simplefilter("ignore")
T.logging.set_verbosity_error()
STEM = "base_model.model."
cases = []


def rope(theta, **more):
    return dict(rope_type="default", rope_theta=theta) | more


text = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, vocab_size=12, max_position_embeddings=64)
llama = dict(text, head_dim=8, pad_token_id=None, bos_token_id=1, eos_token_id=2)
vision = dict(hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2, image_size=8, patch_size=2)


def base(name, count=None):
    tied = name != "llama, untied"
    if name.startswith("llama"):
        model = T.LlamaForCausalLM(T.LlamaConfig(**llama, rope_parameters=rope(100.0), tie_word_embeddings=tied))
    elif name == "qwen2":
        model = T.Qwen2ForCausalLM(T.Qwen2Config(**text, rope_parameters=rope(1000.0), tie_word_embeddings=True))
    elif name == "smolvlm":
        config = T.Idefics3Config(image_token_id=3, scale_factor=2, text_config=dict(llama, model_type="llama", rope_parameters=rope(100.0)), vision_config=vision, tie_word_embeddings=True)
        config.pad_token_id = 0
        model = T.Idefics3ForConditionalGeneration(config)
    else:
        model = T.Qwen2VLForConditionalGeneration(
            T.Qwen2VLConfig(image_token_id=3, video_token_id=10, vision_start_token_id=8, vision_end_token_id=9, tie_word_embeddings=True,
                text_config=dict(text, rope_parameters=rope(1000.0, mrope_section=[1, 1, 2]), tie_word_embeddings=True, bos_token_id=1, eos_token_id=2),
                vision_config=dict(depth=2, embed_dim=8, hidden_size=16, num_heads=2, mlp_ratio=2, patch_size=2)))
    with torch.no_grad():
        for path, parameter in model.named_parameters():
            k = torch.arange(1, parameter.numel() + 1, dtype=torch.float64)
            wave = torch.sin(sum(path.encode()) + 0.7 * k).reshape(parameter.shape)
            flat = parameter.dim() == 1
            parameter.copy_((1.0 if flat and path.endswith("weight") else 0.0) + (0.2 if flat else 0.3) * wave)
    model.tie_weights()
    config = model.config.to_dict()
    for key in ("architectures", "dtype", "transformers_version", "use_cache", "return_dict", "output_hidden_states"):
        config.pop(key, None)
    if count:
        model.resize_token_embeddings(count)
    return model.eval(), json.dumps(config)


def wave(name, shape):
    k = torch.arange(1, torch.Size(shape).numel() + 1, dtype=torch.float64)
    return (0.3 * torch.sin(sum(name.encode()) + 0.7 * k)).float().reshape(shape)


def add(name, family="llama", count=None, ids=(1, 5, 7, 2, 9, 11, 4, 8, 6), **options):
    options = dict(target_modules=["q_proj"], **options) if "target_modules" not in options else options
    with tempfile.TemporaryDirectory() as folder:
        model = get_peft_model(base(family, count)[0], LoraConfig(r=2, lora_alpha=3, task_type="CAUSAL_LM", **copy.deepcopy(options)))
        model.save_pretrained(folder, **(dict(save_embedding_layers=True) if count else {}))
        path = folder + "/adapter_model.safetensors"
        file = load_file(path)
        kept = {n: t for n, t in file.items() if "monteclora" in n or "velora" in n}
        tensors = {n: wave(n, t.shape) for n, t in file.items()}
        equal, transposed = {}, {}
        if options.get("ensure_weight_tying"):
            for n in file:
                if n.startswith(STEM + "lm_head.lora_A"):
                    transposed[n] = next(m for m in file if m.endswith("lora_embedding_B"))
                elif n.startswith(STEM + "lm_head.lora_B"):
                    transposed[n] = next(m for m in file if m.endswith("lora_embedding_A"))
                elif n == STEM + "lm_head.weight":
                    equal[n] = next(m for m in file if m.endswith("embed_tokens.weight"))
        # One table under several names: the base's, which no adapter trains.
        same = [n for n in file if n.endswith("base_layer.weight") or n.endswith("original_module.weight")]
        saved = options.get("modules_to_save") or []
        if family != "llama, untied" and count:
            same += [n for n in file if n.endswith(("embed_tokens.weight", "lm_head.weight")) and n not in equal and not any(s in n for s in saved) and not options.get("ensure_weight_tying")]
        if family != "llama, untied":
            equal |= {n: same[0] for n in same[1:]}
        for n in file:
            if n.endswith(".modules_to_save.weight"):
                equal[n] = n.replace(".modules_to_save", "")
            if n == STEM + "lm_head.token_adapter.trainable_tokens_delta" and count:
                equal[n] = next(m for m in file if "embed_tokens.token_adapter.trainable" in m)
        for _ in range(2):
            tensors |= {n: tensors[m].clone() for n, m in equal.items()} | {n: tensors[m].T.contiguous() for n, m in transposed.items()}
        tensors |= kept
        save_file(tensors, path, metadata={"format": "pt"})
        fresh, config = base(family, count)
        loaded = PeftModel.from_pretrained(fresh, folder).eval()
        inputs = dict(input_ids=torch.tensor([list(ids)]))
        if family == "qwen2_vl":
            inputs["mm_token_type_ids"] = torch.zeros(1, len(ids), dtype=torch.long)
        with torch.no_grad():
            logits = loaded(**inputs).logits[0]
        adapter = json.load(open(folder + "/adapter_config.json"))
        adapter["base_model_name_or_path"] = "base"
        adapter = {key: value for key, value in adapter.items() if value not in (None, {}, [])}
        cases.append(dict(
            name=name, family=family, config=config, adapter=json.dumps(adapter, sort_keys=True), ids=list(ids),
            shapes={n: list(t.shape) for n, t in sorted(tensors.items())}, equal=equal, transposed=transposed,
            logits=[[round(v, 6) for v in row.tolist()] for row in logits]))


q = ["q_proj"]
both = ["embed_tokens", "lm_head"]
add("head saved", modules_to_save=["lm_head"])
add("head saved, qwen2", "qwen2", modules_to_save=["lm_head"])
add("head saved, smolvlm", "smolvlm", modules_to_save=["lm_head"], ids=[1, 5, 7, 2, 9, 11, 4])
add("head saved, qwen2_vl", "qwen2_vl", modules_to_save=["lm_head"], ids=[1, 5, 7, 2, 11, 4])
add("head saved, tying", modules_to_save=["lm_head"], ensure_weight_tying=True)
add("table saved", modules_to_save=["embed_tokens"])
add("table saved, tying", modules_to_save=["embed_tokens"], ensure_weight_tying=True)
add("both saved", modules_to_save=both)
add("both saved, smolvlm", "smolvlm", modules_to_save=both, ids=[1, 5, 7, 2, 9, 11, 4])
add("both saved, tying", modules_to_save=both, ensure_weight_tying=True)
add("both saved, untied", "llama, untied", modules_to_save=both)
add("tying, untied", "llama, untied", modules_to_save=both, ensure_weight_tying=True)
add("head adapted", target_modules=q + ["lm_head"])
add("head adapted, qwen2_vl", "qwen2_vl", target_modules=["lm_head"], ids=[1, 5, 7, 2, 11, 4])
add("head adapted, DoRA", target_modules=q + ["lm_head"], use_dora=True)
add("head adapted, tying", target_modules=q + ["lm_head"], ensure_weight_tying=True)
add("table adapted", target_modules=q + ["embed_tokens"])
add("table adapted, tying", target_modules=q + ["embed_tokens"], ensure_weight_tying=True)
add("both adapted", target_modules=q + both)
add("both adapted, tying", target_modules=q + both, ensure_weight_tying=True)
add("both adapted, tying, DoRA", target_modules=q + both, ensure_weight_tying=True, use_dora=True)
add("head adapted, table saved", target_modules=q + ["lm_head"], modules_to_save=["embed_tokens"])
add("table adapted, head saved", target_modules=q + ["embed_tokens"], modules_to_save=["lm_head"])
add("tokens", trainable_token_indices=[2, 9])
add("tokens by name", trainable_token_indices={"embed_tokens": [9, 2]})
add("tokens, smolvlm", "smolvlm", trainable_token_indices=[2, 9], ids=[1, 5, 7, 2, 9, 11, 4])
add("tokens, untied", "llama, untied", trainable_token_indices=[2, 9])
add("tokens of the head", trainable_token_indices={"lm_head": [2, 9]})
add("tokens of both", trainable_token_indices={"embed_tokens": [2, 9], "lm_head": [2, 9]})
add("tokens of both, others", trainable_token_indices={"embed_tokens": [2, 9], "lm_head": [2, 5]})
add("tokens of both, untied", "llama, untied", trainable_token_indices={"embed_tokens": [2, 9], "lm_head": [2, 5]})
more = dict(count=14, ids=[1, 5, 13, 7, 2, 12, 9])
add("more tokens, all saved", modules_to_save=both, **more)
add("more tokens, table saved", modules_to_save=["embed_tokens"], **more)
add("more tokens, all saved, tying", modules_to_save=both, ensure_weight_tying=True, **more)
add("more tokens, nothing trained", **more)
add("more tokens, both adapted", target_modules=q + both, **more)
add("more tokens, head adapted", target_modules=q + ["lm_head"], **more)
add("more tokens, theirs trained", trainable_token_indices=[12, 13], **more)
add("more tokens, untied", "llama, untied", modules_to_save=both, **more)
add("fewer tokens", modules_to_save=both, count=11, ids=[1, 5, 10, 7, 2])
add("offset of the product", lora_bias=True)
add("VeLoRA", velora_config=VeloraConfig(num_groups=8))
add("MonteCLoRA", monteclora_config=MontecloraConfig())
add("orthogonal", init_lora_weights="orthogonal")
add("MiCA", init_lora_weights="mica")

golden = dict(format="adapters", version=1, torch=torch.__version__, transformers=T.__version__, peft=peft.__version__, cases=cases)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "adapters.json"), "w") as file:
    json.dump(golden, file, indent=0)
    file.write("\n")
