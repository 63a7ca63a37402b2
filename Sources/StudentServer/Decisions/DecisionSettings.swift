internal import JSON
package import Foundation
internal import Tokenization

/// How a model answers typed questions, as `decision.json` of its folder says (transformers 5.24.0, `DecisionConfig`). Members
/// that are not known are passed over, as transformers does.
package struct DecisionSettings: Sendable, Equatable {
  /// The labels of the options by kind of question, each a single token. The default is Yes and No, else A to Z.
  var labels: [DecisionQuestion.Kind: [String]] = [:]
  /// What logits are divided by, by kind of question. The default is 1.
  var temperatures: [DecisionQuestion.Kind: Double] = [:]
  /// Whether a yes/no question has its true option first, which is the default.
  var asksTrueFirst = true
  /// Whether tokens of the model's own that a request spells are to be read as tokens: such requests are refused.
  var readsControlTokens = false
  /// The folder's own way to ask; nil for the one that every chat model is asked in.
  var template: DecisionTemplate?
  /// The folder of the adapter that belongs to the model; nil where the settings name none.
  package private(set) var adapter: URL?

  static let letters = (UInt8(ascii: "A")...UInt8(ascii: "Z")).map { String(UnicodeScalar($0)) }

  /// The defaults.
  package init() {}

  /// Whether two folders say the same.
  package static func == (one: Self, other: Self) -> Bool {
    one.labels == other.labels && one.temperatures == other.temperatures && one.asksTrueFirst == other.asksTrueFirst
      && one.readsControlTokens == other.readsControlTokens && one.adapter == other.adapter
      && one.template?.template.source == other.template?.template.source
  }

  /// Reads the settings of a model folder; the defaults where it has none.
  ///
  /// - Throws: `TokenizerError`, naming file and field, or the template's line.
  package init(contentsOf folder: URL) throws {
    let url = folder.appending(path: "decision.json")
    template = try DecisionTemplate(contentsOf: folder)
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    let bytes = [UInt8](try Data(contentsOf: url))
    let file = url.path
    func invalid(_ field: String, _ expected: String, _ found: JSONValue) -> TokenizerError {
      .invalidField(file: file, field: field, expected: expected, found: found.summary)
    }
    guard let value = try? bytes.withUnsafeBufferPointer({ try JSONParser.value(of: $0) }), case .object = value else {
      throw TokenizerError.fileFailure(file: file, reason: "it is no JSON object")
    }
    for member in ["labels", "temperature"] {
      guard let own = value[member], !own.isNull, own.members == nil else { continue }
      throw invalid(member, "an object by type of question: noul, choice, score", own)
    }
    for kind in DecisionQuestion.Kind.allCases {
      if let list = value["labels"]?[kind.rawValue], !list.isNull {
        let texts = list.elements?.compactMap(\.string) ?? []
        guard texts.count == list.elements?.count, !texts.isEmpty else {
          throw invalid("labels.\(kind.rawValue)", "a list of texts", list)
        }
        guard kind != .noul || texts.count >= 2 else { throw invalid("labels.noul", "two labels", list) }
        labels[kind] = texts
      }
      if let number = value["temperature"]?[kind.rawValue], !number.isNull {
        guard let temperature = number.double, temperature >= 1e-6, temperature.isFinite else {
          throw invalid("temperature.\(kind.rawValue)", "a number of at least 0.000001", number)
        }
        temperatures[kind] = temperature
      }
    }
    if let order = value["noul_options"], !order.isNull {
      guard order == ["true", "false"] || order == ["false", "true"] else {
        throw invalid("noul_options", #"["true", "false"] or the other way round"#, order)
      }
      asksTrueFirst = order[0] == "true"
    }
    if let sanitizes = value["sanitize_control_tokens"], !sanitizes.isNull {
      guard let sanitizes = sanitizes.bool else { throw invalid("sanitize_control_tokens", "true or false", sanitizes) }
      readsControlTokens = !sanitizes
    }
    if let name = value["adapter"], !name.isNull {
      guard let name = name.string, !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..")
      else {
        throw invalid("adapter", "a folder within the model's", name)
      }
      adapter = folder.appending(path: name)
    }
  }

  /// The labels of a kind of question.
  func ownLabels(for kind: DecisionQuestion.Kind) -> [String] {
    labels[kind] ?? (kind == .noul ? ["Yes", "No"] : Self.letters)
  }

  /// The labels of a question's options.
  ///
  /// - Returns: with more options than labels numbers from 1, which transformers refuses: they may take several tokens.
  func labels(for question: DecisionQuestion) -> [String] {
    let own = ownLabels(for: question.kind)
    guard own.count >= question.options.count else { return question.options.indices.map { "\($0 + 1)" } }
    return Array(own.prefix(question.options.count))
  }
}
