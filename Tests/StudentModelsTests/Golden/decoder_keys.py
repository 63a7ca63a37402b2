"""The keys of a decoder's GGUF file, for the scripts beside it that write some."""


def permuted(weights, heads):
    """Rows of Llama's queries and keys in the order of such files, where neighbours turn together."""
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def add_decoder_keys(w, config, key_length=None):
    w.add_context_length(config.max_position_embeddings)
    w.add_embedding_length(config.hidden_size)
    w.add_block_count(config.num_hidden_layers)
    w.add_feed_forward_length(config.intermediate_size)
    w.add_head_count(config.num_attention_heads)
    w.add_head_count_kv(config.num_key_value_heads)
    w.add_layer_norm_rms_eps(config.rms_norm_eps)
    w.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if "mrope_section" in config.rope_parameters:
        w.add_rope_dimension_sections(config.rope_parameters["mrope_section"] + [0])
    if key_length:
        w.add_key_length(key_length)
        w.add_value_length(key_length)


def add_tokenizer_keys(w, t):
    """t: model, pre, tokens, types, bos, eos, template; scores, merges and unk where there are any."""
    w.add_tokenizer_model(t["model"])
    w.add_tokenizer_pre(t["pre"])
    w.add_token_list(t["tokens"])
    w.add_token_types(t["types"])
    if "scores" in t:
        w.add_token_scores(t["scores"])
    if "merges" in t:
        w.add_token_merges(t["merges"])
    w.add_bos_token_id(t["bos"])
    w.add_eos_token_id(t["eos"])
    if "unk" in t:
        w.add_unk_token_id(t["unk"])
    if "add_bos" in t:
        w.add_add_bos_token(t["add_bos"])
    w.add_chat_template(t["template"])


def write(*writers):
    for w in writers:
        w.write_header_to_file()
        w.write_kv_data_to_file()
        w.write_tensors_to_file()
        w.close()
