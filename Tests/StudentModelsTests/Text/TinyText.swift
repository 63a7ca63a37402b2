import Foundation
import LanguageModel
import Layers
import Tensor
import Tokenization

/// Text models with a vocabulary of a few words, made in a few milliseconds.
enum TinyText {
  static let words =
    [
      "[PAD]", "[UNK]", "[CLS]", "[SEP]", "rain", "made", "the", "road", "wet", "a", "dog", "run", "##s", ".", "sun",
      "dry",
    ]

  /// The text of a WordPiece tokenizer.json over ``words``.
  static let tokenizerJSON: String = {
    let vocabulary = words.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
    let added = words.prefix(4).enumerated().map {
      """
      {"id": \($0), "content": "\($1)", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, \
      "special": true}
      """
    }.joined(separator: ", ")
    return """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [\(added)],
       "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
        "lowercase": true},
       "pre_tokenizer": {"type": "BertPreTokenizer"},
       "post_processor": {"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
         {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
        "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
         {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
         {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
         "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
       "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
       "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100, "vocab": {\(vocabulary)}}}
      """
  }()

  static func tokenizer(limit: Int? = nil) throws -> Tokenizer {
    let configuration = limit.map { Data("{\"model_max_length\": \($0)}".utf8) }
    return try Tokenizer(json: Data(tokenizerJSON.utf8), configuration: configuration)
  }

  static func configuration(_ labels: [String]) -> TextEncoderConfiguration {
    var c = TextEncoderConfiguration()
    c.vocabularySize = words.count
    c.hiddenSize = 12
    c.layers = 2
    c.heads = 3
    c.intermediateSize = 20
    c.maxPositions = 24
    c.labels = labels
    return c
  }

  /// Weights that differ clearly: fresh ones alone give all classes nearly the same probability.
  static func loud<Model: Module>(_ model: Model) -> Model {
    var (model, louder) = (model, Louder())
    model.visit(&louder, at: "")
    return model
  }

  static func classifier(_ labels: [String] = ["fits", "differs", "unsure"]) -> SequenceClassifier {
    var generator = Tensor.Generator(seed: 1)
    return loud(SequenceClassifier(configuration(labels), using: &generator))
  }

  static func tagger(_ labels: [String] = ["O", "B-cause", "I-cause", "B-effect", "I-effect"]) -> TokenClassifier {
    var generator = Tensor.Generator(seed: 2)
    return loud(TokenClassifier(configuration(labels), using: &generator))
  }

  static let texts = ["Rain made the road wet.", "", "a dog runs", "The sun made the road dry. " + "the dog runs "]

  private struct Louder: ModuleVisitor {
    mutating func visit(_ parameter: inout Parameter, at path: String) {
      guard parameter.value.shape.count > 1 else { return }
      parameter.value.mutateScalars { for i in $0.indices { $0[i] *= 20 } }
    }
  }
}
