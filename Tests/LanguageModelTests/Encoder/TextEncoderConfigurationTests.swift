import Foundation
import LanguageModel
import Layers
import Testing

@Suite struct TextEncoderConfigurationTests {
  private func read(_ json: String) throws -> TextEncoderConfiguration {
    try JSONDecoder().decode(TextEncoderConfiguration.self, from: Data(json.utf8))
  }

  private func refusal(_ json: String) -> String {
    do {
      _ = try read(json)
      return "(read)"
    } catch DecodingError.dataCorrupted(let context) {
      return context.debugDescription
    } catch {
      return "\(error)"
    }
  }

  @Test func `keys of a published file are read`() throws {
    let c = try read(
      """
      {"model_type": "bert", "vocab_size": 30, "hidden_size": 12, "num_hidden_layers": 3, "num_attention_heads": 4,
       "intermediate_size": 20, "hidden_act": "gelu_new", "max_position_embeddings": 64, "type_vocab_size": 3,
       "layer_norm_eps": 1e-6, "initializer_range": 0.5, "pad_token_id": 5, "id2label": {"1": "fits", "0": "differs", "2": "unsure"},
       "label2id": {"fits": 1, "differs": 0, "unsure": 2}, "problem_type": null, "hidden_dropout_prob": 0.1,
       "position_embedding_type": "absolute", "is_decoder": false, "dtype": "bfloat16", "classifier_dropout": null}
      """)
    #expect(c.family == .bert && c.vocabularySize == 30 && c.hiddenSize == 12 && c.layers == 3 && c.heads == 4)
    #expect(c.intermediateSize == 20 && c.activation == .geluTanh && c.maxPositions == 64 && c.segments == 3)
    #expect(
      c.epsilon == 1e-6 && c.initialDeviation == 0.5 && c.paddingToken == 5
        && c.labels == ["differs", "fits", "unsure"] && c.problem == nil)
    #expect(c.maximumTokens == 64)
  }

  @Test func `missing keys have the defaults of transformers`() throws {
    #expect(try read(#"{"model_type": "bert"}"#) == TextEncoderConfiguration())
    let c = try read(#"{"model_type": "xlm-roberta", "pad_token_id": null, "num_labels": 3}"#)
    #expect(c.paddingToken == 1 && c.maximumTokens == 510 && c.labels == ["LABEL_0", "LABEL_1", "LABEL_2"])
  }

  @Test func `keys of DistilBERT's and ELECTRA's files are read`() throws {
    let c = try read(
      """
      {"model_type": "distilbert", "vocab_size": 30, "dim": 12, "n_layers": 3, "n_heads": 4, "hidden_dim": 20,
       "activation": "relu", "max_position_embeddings": 64, "sinusoidal_pos_embds": false, "tie_weights_": true,
       "dropout": 0.1, "qa_dropout": 0.1, "seq_classif_dropout": 0.2}
      """)
    #expect(c.hiddenSize == 12 && c.layers == 3 && c.heads == 4 && c.intermediateSize == 20 && c.activation == .relu)
    #expect(c.maximumTokens == 64 && c.epsilon == 1e-12)
    let electra = try read(
      #"{"model_type": "electra", "vocab_size": 30, "embedding_size": 12, "summary_type": "first"}"#)
    #expect(electra.embeddingSize == 12 && electra.hiddenSize == 256 && electra.heads == 4)
  }

  @Test func `both layouts of ModernBERT's files are read`() throws {
    let sizes = #""model_type": "modernbert", "vocab_size": 60000, "hidden_size": 12, "num_attention_heads": 3,"#
    let old = try read(
      """
      {\(sizes) "num_hidden_layers": 5, "hidden_activation": "gelu", "norm_eps": 1e-6, "local_attention": 16,
       "global_attn_every_n_layers": 2, "global_rope_theta": 80000.0, "local_rope_theta": 500.0,
       "classifier_pooling": "mean", "classifier_activation": "relu", "norm_bias": false, "attention_bias": false}
      """)
    let new = try read(
      """
      {\(sizes) "num_hidden_layers": 5, "norm_eps": 1e-6, "local_attention": 16, "classifier_pooling": "mean",
       "classifier_activation": "relu", "layer_types": ["full_attention", "sliding_attention", "full_attention",
       "sliding_attention", "full_attention"], "rope_parameters": {"full_attention": {"rope_type": "default",
       "rope_theta": 80000.0}, "sliding_attention": {"rope_type": "default", "rope_theta": 500.0}}}
      """)
    #expect(old == new && old.modern?.base == 80_000 && old.modern?.windowBase == 500 && old.modern?.window == 16)
    #expect(old.epsilon == 1e-6 && old.modern?.pooling == .mean && old.modern?.headActivation == .relu)
    let plain = try read(#"{"model_type": "modernbert"}"#)
    #expect(plain == TextEncoderConfiguration(family: .modernbert))
    #expect(plain.modern?.sights.prefix(4) == [.full, .window, .window, .full])
  }

  @Test(arguments: TextEncoderConfiguration.Family.allCases)
  func `what is written is read again`(family: TextEncoderConfiguration.Family) throws {
    var c = TextEncoderConfiguration.small(family)
    // No key of DistilBERT's says another.
    if family == .distilbert { c.epsilon = 1e-12 }
    if [.distilbert, .modernbert].contains(family) { c.segments = 2 }
    c.problem = .multiLabel
    c.activation = .relu
    #expect(try JSONDecoder().decode(TextEncoderConfiguration.self, from: JSONEncoder().encode(c)) == c)
  }

  @Test(arguments: [
    (#"{"model_type": "mpnet"}"#, "mpnet"),
    (#"{"model_type": "electra", "embedding_size": 0}"#, "embedding_size 0"),
    (#"{"model_type": "distilbert", "dim": 10, "n_heads": 4}"#, "dim 10 must be a multiple of n_heads 4"),
    (#"{"model_type": "distilbert", "activation": "mish"}"#, "activation \"mish\""),
    (#"{"model_type": "modernbert", "norm_bias": true}"#, "norm_bias"),
    (#"{"model_type": "modernbert", "attention_bias": true}"#, "attention_bias"),
    (#"{"model_type": "modernbert", "layer_types": ["full_attention"]}"#, "layer_types names 1 layers"),
    (#"{"model_type": "modernbert", "num_hidden_layers": 1, "layer_types": ["chunked"]}"#, "chunked"),
    (#"{"model_type": "modernbert", "rope_parameters": {"full_attention": {"rope_type": "yarn"}}}"#, "yarn"),
    (#"{"model_type": "modernbert", "local_rope_theta": 0}"#, "local_rope_theta must be more than 0"),
    (#"{"model_type": "modernbert", "classifier_pooling": "max"}"#, "classifier_pooling \"max\""),
    (#"{"model_type": "modernbert", "global_attn_every_n_layers": 0}"#, "global_attn_every_n_layers 0"),
    (#"{"model_type": "modernbert", "local_attention": -1}"#, "local_attention -1"),
    (#"{"model_type": "modernbert", "hidden_size": 9, "num_attention_heads": 3}"#, "must be even"),
    (#"{"model_type": "bert", "hidden_act": "mish"}"#, "hidden_act \"mish\""),
    (#"{"model_type": "bert", "position_embedding_type": "relative_key"}"#, "relative_key"),
    (#"{"model_type": "bert", "is_decoder": true}"#, "is_decoder"),
    (#"{"model_type": "bert", "problem_type": "regression"}"#, "regression"),
    (#"{"model_type": "bert", "hidden_size": 1000000000}"#, "hidden_size 1000000000 must lie in"),
    (#"{"model_type": "bert", "num_hidden_layers": -1}"#, "num_hidden_layers -1"),
    (#"{"model_type": "bert", "num_attention_heads": 5}"#, "must be a multiple"),
    (#"{"model_type": "bert", "pad_token_id": 30522}"#, "pad_token_id 30522"),
    (#"{"model_type": "roberta", "max_position_embeddings": 2}"#, "leaves no place"),
    (#"{"model_type": "bert", "layer_norm_eps": -1}"#, "layer_norm_eps"),
    (#"{"model_type": "bert", "initializer_range": -1}"#, "initializer_range"),
    (#"{"model_type": "bert", "id2label": {"0": "a", "2": "b"}}"#, "id2label"),
    (#"{"model_type": "bert", "id2label": {}}"#, "id2label"),
    (#"{"model_type": "bert", "num_labels": 0}"#, "num_labels 0"),
  ])
  func `what can't be computed is refused by name`(json: String, words: String) {
    #expect(refusal(json).contains(words), "\(refusal(json))")
  }
}
