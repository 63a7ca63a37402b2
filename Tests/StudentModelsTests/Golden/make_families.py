"""Writes families.json: small models of every family with weights from a formula, and the logits that transformers computes.

    pip install torch==2.13.0 transformers==5.24.0
    python make_families.py

Weight number k of a parameter is scale * sin(sum of the UTF-8 bytes of its path + 0.7 * (k + 1)), scale being 0.3, or for
one-dimensional parameters 0.2 around 1 (".weight") or 0. Sample k of an image is sin(0.3 * (k + 1)).
"""

import json
import os

import torch
import transformers as T
from waves import fill

torch.set_grad_enabled(False)
cases = []


def rope(theta, **more):
    return dict(rope_type="default", rope_theta=theta) | more


def samples(*shape):
    count = torch.Size(shape).numel()
    return torch.sin(0.3 * torch.arange(1, count + 1, dtype=torch.float64)).float().reshape(shape)


def add(name, model, ids, images=(), **inputs):
    fill(model)
    model = model.eval()
    logits = model(input_ids=torch.tensor([ids]), **inputs).logits[0]
    config = model.config.to_dict()
    for key in ("architectures", "dtype", "transformers_version", "use_cache", "return_dict", "output_hidden_states"):
        config.pop(key, None)
    cases.append(
        dict(name=name, config=json.dumps(config), ids=ids, images=list(images), logits=[[round(v, 6) for v in row.tolist()] for row in logits])
    )


text = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, vocab_size=12, max_position_embeddings=64)
words = [1, 5, 7, 2, 9, 11, 4, 8, 6]
llama = dict(text, head_dim=8, pad_token_id=None, bos_token_id=1, eos_token_id=2)
add("llama", T.LlamaForCausalLM(T.LlamaConfig(**llama, rope_parameters=rope(100.0))), words)
scaled = dict(factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=40)
add("llama, scaled", T.LlamaForCausalLM(T.LlamaConfig(**llama, rope_parameters=rope(50.0, **scaled) | dict(rope_type="llama3"))), words)
add("llama, linear", T.LlamaForCausalLM(T.LlamaConfig(**llama, rope_parameters=rope(50.0) | dict(rope_type="linear", factor=3.0))), words)
add("llama, offsets", T.LlamaForCausalLM(T.LlamaConfig(**llama, rope_parameters=rope(50.0), attention_bias=True)), words)
add("qwen2", T.Qwen2ForCausalLM(T.Qwen2Config(**text, rope_parameters=rope(1000.0), tie_word_embeddings=True)), words)

wide = dict(text, head_dim=10)  # heads that are wider than the rows
add("qwen3", T.Qwen3ForCausalLM(T.Qwen3Config(**wide, rope_parameters=rope(1000.0), tie_word_embeddings=True)), words)
add("qwen3, offsets", T.Qwen3ForCausalLM(T.Qwen3Config(**wide, rope_parameters=rope(1000.0), attention_bias=True)), words)
add("mistral", T.MistralForCausalLM(T.MistralConfig(**wide, rope_parameters=rope(1000.0), sliding_window=None)), words)
add("smollm3", T.SmolLM3ForCausalLM(T.SmolLM3Config(**text | dict(num_hidden_layers=3, no_rope_layers=[1, 0, 1], pad_token_id=None, bos_token_id=1, eos_token_id=2), rope_parameters=rope(50.0))), words)

vision = dict(hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2, image_size=8, patch_size=2)
config = T.Idefics3Config(image_token_id=3, scale_factor=2, text_config=dict(llama, model_type="llama", rope_parameters=rope(100.0)), vision_config=vision, tie_word_embeddings=False)
config.pad_token_id = 0
tiles = samples(3, 3, 8, 8)
add("smolvlm", T.Idefics3ForConditionalGeneration(config), [1, 5] + [3] * 8 + [7] + [3] * 4 + [9, 2], [dict(shape=[2, 3, 8, 8]), dict(shape=[1, 3, 8, 8])], pixel_values=torch.cat([samples(2, 3, 8, 8), samples(1, 3, 8, 8)])[None])

config = T.Qwen2VLConfig(image_token_id=3, video_token_id=10, vision_start_token_id=8, vision_end_token_id=9, tie_word_embeddings=True,
    text_config=dict(text, rope_parameters=rope(1000.0, mrope_section=[1, 1, 2]), tie_word_embeddings=True, bos_token_id=1, eos_token_id=2),
    vision_config=dict(depth=2, embed_dim=8, hidden_size=16, num_heads=2, mlp_ratio=2, patch_size=2))


def patches(pixels):
    _, channels, height, width = pixels.shape
    x = pixels.reshape(channels, height // 4, 2, 2, width // 4, 2, 2).permute(1, 4, 2, 5, 0, 3, 6)
    return x[:, :, :, :, :, None].expand(-1, -1, -1, -1, -1, 2, -1, -1).reshape(-1, channels * 2 * 4)


ids = [1, 8] + [3] * 6 + [9, 5, 8] + [3] * 4 + [9, 7, 2, 11]
add("qwen2_vl", T.Qwen2VLForConditionalGeneration(config), ids, [dict(shape=[1, 3, 8, 12], rows=2, columns=3), dict(shape=[1, 3, 16, 4], rows=4, columns=1)],
    pixel_values=torch.cat([patches(samples(1, 3, 8, 12)), patches(samples(1, 3, 16, 4))]), image_grid_thw=torch.tensor([[1, 4, 6], [1, 8, 2]]),
    mm_token_type_ids=torch.tensor([[int(i == 3) for i in ids]]))

clip = dict(vision, model_type="clip_vision_model", num_hidden_layers=3, projection_dim=8)
grid = [[8, 16], [16, 8], [16, 16]]
config = T.LlavaNextConfig(vision_config=clip, text_config=dict(llama, model_type="llama", num_key_value_heads=2, rope_parameters=rope(100.0)), image_token_index=3, image_grid_pinpoints=grid, image_seq_length=16, tie_word_embeddings=False)
# 14 pixels wide and 18 high go into 16 x 16, of whose 8 columns of features one at each side shows nothing; 20 x 5 into
# 16 x 8, of whose 4 rows one at each side shows nothing.
ids = [1, 5] + [3] * (16 + 8 * 7) + [7] + [3] * (16 + 2 * 9) + [9, 2]
whole, wide = samples(5, 3, 8, 8), torch.cat([samples(3, 3, 8, 8), torch.zeros(2, 3, 8, 8)])
add("llava_next", T.LlavaNextForConditionalGeneration(config), ids,
    [dict(shape=[5, 3, 8, 8], rows=2, columns=2, width=14, height=18), dict(shape=[3, 3, 8, 8], rows=1, columns=2, width=20, height=5)],
    pixel_values=torch.stack([whole, wide]), image_sizes=torch.tensor([[18, 14], [5, 20]]))

add("mistral, window", T.MistralForCausalLM(T.MistralConfig(**text, head_dim=8, rope_parameters=rope(1000.0), sliding_window=3)), words)

gemma = dict(text, num_hidden_layers=3, head_dim=10, query_pre_attn_scalar=7, sliding_window=4, pad_token_id=0, eos_token_id=1, bos_token_id=2,
    layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    rope_parameters=dict(full_attention=rope(1000.0, factor=3.0) | dict(rope_type="linear"), sliding_attention=rope(20.0)))
add("gemma3_text", T.Gemma3ForCausalLM(T.Gemma3TextConfig(**gemma, final_logit_softcapping=2.5)), words)

# The first image's 4 rows are longer than the window, which ends inside of it for what comes after.
gemma |= dict(sliding_window=3, model_type="gemma3_text")
config = T.Gemma3Config(text_config=gemma, vision_config=dict(vision, model_type="siglip_vision_model", vision_use_head=False), mm_tokens_per_image=4, boi_token_index=8, eoi_token_index=9, image_token_index=3)
ids = [2, 5, 8] + [3] * 4 + [9, 7, 8] + [3] * 4 + [9, 10, 6, 11]
add("gemma3", T.Gemma3ForConditionalGeneration(config), ids, [dict(shape=[1, 3, 8, 8]), dict(shape=[1, 3, 8, 8])],
    pixel_values=torch.cat([samples(1, 3, 8, 8), samples(1, 3, 8, 8)]), token_type_ids=torch.tensor([[int(i == 3) for i in ids]]))

tiles = [dict(shape=[1, 3, 8, 8]), dict(shape=[1, 3, 8, 8])]
square = dict(vision_config=clip, image_token_index=3, image_seq_length=16, tie_word_embeddings=False)
ids = [1, 5] + [3] * 16 + [7] + [3] * 16 + [9, 2]
config = T.LlavaConfig(**square, text_config=dict(llama, model_type="llama", rope_parameters=rope(100.0)))
add("llava", T.LlavaForConditionalGeneration(config), ids, tiles, pixel_values=torch.cat([samples(1, 3, 8, 8)] * 2))

axes = dict(image_token_id=3, video_token_id=10, vision_start_token_id=8, vision_end_token_id=9, tie_word_embeddings=True)
inner = dict(tie_word_embeddings=True, bos_token_id=1, eos_token_id=2)
tower = dict(hidden_size=8, intermediate_size=12, num_heads=2, out_hidden_size=16, patch_size=2)
# The first image is 3 x 5 blocks, which windows of 2 x 2 cut in six.
ids = [1, 8] + [3] * 15 + [9, 5, 8] + [3] * 4 + [9, 7, 2, 11]
pair = dict(
    pixel_values=torch.cat([patches(samples(1, 3, 12, 20)), patches(samples(1, 3, 16, 4))]), image_grid_thw=torch.tensor([[1, 6, 10], [1, 8, 2]]),
    mm_token_type_ids=torch.tensor([[int(i == 3) for i in ids]]))
shapes = [dict(shape=[1, 3, 12, 20], rows=3, columns=5), dict(shape=[1, 3, 16, 4], rows=4, columns=1)]
config = T.Qwen2_5_VLConfig(**axes, text_config=dict(text, **inner, rope_parameters=rope(1000.0, mrope_section=[1, 1, 2])),
    vision_config=dict(tower, depth=3, window_size=8, fullatt_block_indexes=[1]))
add("qwen2_5_vl", T.Qwen2_5_VLForConditionalGeneration(config), ids, shapes, **pair)
config = T.Qwen3VLConfig(**axes, text_config=dict(text, **inner, head_dim=8, rope_parameters=rope(1000.0, mrope_section=[2, 1, 1])),
    vision_config=dict(tower, depth=3, num_position_embeddings=16, deepstack_visual_indexes=[0, 1]))
add("qwen3_vl", T.Qwen3VLForConditionalGeneration(config), ids, shapes, **pair)

# Three tiles of the first image, one of the second.
ids = [1, 5] + [3] * 12 + [7] + [3] * 4 + [9, 2]
tiles = [dict(shape=[3, 3, 8, 8], rows=1, columns=2), dict(shape=[1, 3, 8, 8])]
wanted = dict(image_token_id=3, image_seq_length=4, tie_word_embeddings=False)
tower = dict(hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2, image_size=[8, 8], patch_size=[2, 2])
pixels = torch.cat([samples(3, 3, 8, 8), samples(1, 3, 8, 8)])
config = T.InternVLConfig(**wanted, text_config=dict(text, model_type="qwen2", rope_parameters=rope(1000.0, rope_type="dynamic", factor=2.0)), vision_config=dict(tower, attention_bias=True))
add("internvl", T.InternVLForConditionalGeneration(config), ids, tiles, pixel_values=pixels)
config = T.InternVLConfig(**wanted, text_config=dict(text, model_type="qwen3", head_dim=8, rope_parameters=rope(1000.0)),
    vision_config=dict(tower, use_qk_norm=True, norm_type="rms_norm", use_mean_pooling=False))
add("internvl, norms", T.InternVLForConditionalGeneration(config), ids, tiles, pixel_values=pixels)

golden = dict(format="families", version=1, torch=torch.__version__, transformers=T.__version__, cases=cases)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "families.json"), "w") as file:
    json.dump(golden, file, indent=0)
    file.write("\n")
