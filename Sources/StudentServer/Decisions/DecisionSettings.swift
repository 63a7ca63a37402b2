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
  /// What these settings ask for that this server does not do; nil for nothing.
  var unsupported: String?

  static let letters = (UInt8(ascii: "A")...UInt8(ascii: "Z")).map { String(UnicodeScalar($0)) }

  /// The defaults.
  package init() {}

  /// Reads the settings of a model folder; the defaults where it has none.
  ///
  /// - Parameter hasAdapter: whether the model has adapters, so that one that the settings name is among them. The default is
  ///   false.
  /// - Throws: `TokenizerError`, naming file and field.
  package init(contentsOf folder: URL, hasAdapter: Bool = false) throws {
    let url = folder.appending(path: "decision.json")
    if FileManager.default.fileExists(atPath: folder.appending(path: "decision_template.jinja").path) {
      unsupported = "The model's folder has a decision_template.jinja, which this server does not read yet."
    }
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    let bytes = [UInt8](try Data(contentsOf: url))
    let file = url.path
    func invalid(_ field: String, _ expected: String, _ found: JSONValue) -> TokenizerError {
      .invalidField(file: file, field: field, expected: expected, found: found.summary)
    }
    guard let value = try? bytes.withUnsafeBufferPointer({ try JSONParser.value(of: $0) }), case .object = value else {
      throw TokenizerError.fileFailure(file: file, reason: "it is no JSON object")
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
        guard let temperature = number.double, temperature > 0, temperature.isFinite else {
          throw invalid("temperature.\(kind.rawValue)", "a number above 0", number)
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
    if value["sanitize_control_tokens"] == .bool(false) {
      unsupported =
        "The folder's decision.json wants control tokens to be read in requests, which this server does not do."
    }
    if !hasAdapter, let adapter = value["adapter"]?.string {
      unsupported = "The folder's decision.json names the adapter '\(adapter)'; serve the folder with it by --adapter."
    }
  }

  /// The labels of a question's options.
  ///
  /// - Returns: with more options than labels numbers from 1, which transformers refuses: they may take several tokens.
  func labels(for question: DecisionQuestion) -> [String] {
    let own = labels[question.kind] ?? (question.kind == .noul ? ["Yes", "No"] : Self.letters)
    guard own.count >= question.options.count else { return question.options.indices.map { "\($0 + 1)" } }
    return Array(own.prefix(question.options.count))
  }
}
