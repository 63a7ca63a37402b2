extension JSONParser {
  /// What is left open by the grammar.
  package struct Options: Sendable {
    /// How deep values may lie in one another, so that a text cannot exhaust the stack. The default of 128, with a plain
    /// value as the innermost level, is that of Rust's serde_json.
    package var levels = 128
    /// What becomes of an escape of half a surrogate pair, which the grammar allows and which names no character.
    package var loneSurrogates = LoneSurrogates.replaced
    /// Whether a name that comes twice in one object is a fault. Otherwise all its members are read.
    package var refusesRepeatedNames = false
    /// Whether a number beyond the range of `Double` is a fault.
    package var refusesNumbersBeyondDouble = false

    package init() {}

    /// For descriptions of models, which must mean the same to every reader: no half characters, no infinite numbers. Of
    /// a name that comes twice the last counts, as for Python's json, which reads the same files.
    package static let modelFile: Options = {
      var options = Options()
      options.loneSurrogates = .refused
      options.refusesNumbersBeyondDouble = true
      return options
    }()
  }

  package enum LoneSurrogates: Sendable {
    /// It becomes U+FFFD, as browsers do: a row or a reply is not lost for half a character.
    case replaced
    /// It is a fault.
    case refused
  }
}
