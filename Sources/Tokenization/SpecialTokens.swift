internal import JSON

/// The special tokens that have a role, by id; nil where the folder names none.
public struct SpecialTokens: Sendable, Equatable {
  /// Begins a text (`bos_token`).
  public var beginning: Int?
  /// Ends a text or a turn (`eos_token`).
  public var end: Int?
  /// Fills up (`pad_token`).
  public var padding: Int?
  /// Stands for what has no token (`unk_token`).
  public var unknown: Int?
  /// Stands between texts (`sep_token`).
  package var separator: Int?
  /// Stands for the whole text (`cls_token`).
  package var classification: Int?
  /// Hides a token (`mask_token`).
  package var mask: Int?
  /// Further tokens that the folder lists as special, as image places are, in the order of the file.
  package var additional: [Int] = []

  /// A role by its key in `tokenizer_config.json`.
  public enum Role: String, Sendable, CaseIterable {
    /// Begins a text.
    case beginning = "bos_token"
    /// Ends a text or a turn.
    case end = "eos_token"
    /// Fills up.
    case padding = "pad_token"
    /// Stands for what has no token.
    case unknown = "unk_token"
    /// Stands between texts.
    case separator = "sep_token"
    /// Stands for the whole text.
    case classification = "cls_token"
    /// Hides a token.
    case mask = "mask_token"
  }

  /// The token with a role.
  public subscript(role: Role) -> Int? {
    get {
      switch role {
      case .beginning: beginning
      case .end: end
      case .padding: padding
      case .unknown: unknown
      case .separator: separator
      case .classification: classification
      case .mask: mask
      }
    }
    set {
      switch role {
      case .beginning: beginning = newValue
      case .end: end = newValue
      case .padding: padding = newValue
      case .unknown: unknown = newValue
      case .separator: separator = newValue
      case .classification: classification = newValue
      case .mask: mask = newValue
      }
    }
  }

  /// No roles.
  package init() {}

  /// Looks the roles up in the files, the first of them that names one; tokens that have no id are passed over.
  init(_ configuration: JSONValue?, _ map: JSONValue?, id: (String) -> Int?) {
    // A token is written as its text or as an object with the field `content`.
    func text(_ value: JSONValue?) -> String? { value?.string ?? value?["content"]?.string }
    for role in Role.allCases {
      self[role] = (text(configuration?[role.rawValue]) ?? text(map?[role.rawValue])).flatMap(id)
    }
    var listed: Set<Int> = []
    for key in ["extra_special_tokens", "additional_special_tokens"] {
      for source in [configuration, map] {
        let list = source?[key]?.elements ?? source?[key]?.members?.map(\.value) ?? []
        for token in list.compactMap(text).compactMap(id) where listed.insert(token).inserted {
          additional.append(token)
        }
      }
    }
  }
}
