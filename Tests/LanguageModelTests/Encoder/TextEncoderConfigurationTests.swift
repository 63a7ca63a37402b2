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

  @Test func `what is written is read again`() throws {
    var c = TextEncoderConfiguration.small(.roberta)
    c.problem = .multiLabel
    c.activation = .relu
    #expect(try JSONDecoder().decode(TextEncoderConfiguration.self, from: JSONEncoder().encode(c)) == c)
  }

  @Test(arguments: [
    (#"{"model_type": "electra"}"#, "electra"),
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
