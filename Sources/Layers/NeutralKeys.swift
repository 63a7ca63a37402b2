/// Keys of config.json that leave the arithmetic of any network as it is: what a file says of its origin, of generation,
/// of training and of the program that wrote it.
///
/// A family's own such keys are rows of its table (`ModelField.known`).
package enum NeutralKeys {
  /// Whether a key leaves the arithmetic as it is.
  package static func contain(_ key: String) -> Bool {
    names.contains(key) || prefixes.contains(where: key.hasPrefix) || suffixes.contains(where: key.hasSuffix)
  }

  /// Keys that say how weights were quantised, which is other arithmetic.
  static let ofQuantizedWeights: Set<String> = ["quantization_config", "quantization", "compression_config"]

  private static let names: Set<String> = [
    // Origin and versions.
    "architectures", "name_or_path", "transformers_version", "auto_map",
    "custom_pipelines", "tokenizer_class", "tokenizer_type", "language", "license", "datasets", "tags",
    "transformers.js_config", "sentence_transformers", "is_llama_config",
    // The type of the weights, and how operations are carried out.
    "dtype", "torch_dtype", "use_bfloat16", "fp16", "bf16", "fp32", "torchscript", "tf_legacy_loss", "xla_device",
    "chunk_size_feed_forward", "use_cache", "cache_implementation", "use_flash_attention",
    "use_flash_attn", "flash_attn", "attn_implementation", "pretraining_tp", "return_dict", "output_attentions",
    "output_hidden_states", "output_past",
    // Fresh weights and training.
    "initializer_range", "initializer_factor", "initializer_std", "gradient_checkpointing",
    "use_reentrant_checkpointing", "neftune_noise_alpha", "noise_alpha", "finetuning_task", "ignore_index",
    "router_aux_loss_coef", "output_router_logits",
    // Lengths and classes, which are read where they count.
    "max_sequence_length", "max_seq_length", "max_seq_len", "seq_length", "model_max_length",
    "tokenizer_model_max_length", "id2label", "label2id", "num_labels", "problem_type",
    "sbert_ce_default_activation_function",
    // Generation, which older files keep here.
    "max_length", "min_length", "max_new_tokens", "do_sample", "early_stopping", "num_beams", "num_beam_groups",
    "diversity_penalty", "temperature", "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty",
    "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences",
    "exponential_decay_length_penalty", "suppress_tokens", "begin_suppress_tokens", "remove_invalid_values",
    "return_dict_in_generate", "output_scores", "task_specific_params", "prefix", "generation_config",
  ]
  // What begins with "_" is a program's own: transformers keeps it as an attribute and reads none of it for arithmetic.
  private static let prefixes = ["_", "unsloth_", "summary_"]
  private static let suffixes = [
    "_token_id", "_token_ids", "_token_index", "dropout", "dropout_prob", "dropout_rate", "_pdrop", "layerdrop",
  ]
}
