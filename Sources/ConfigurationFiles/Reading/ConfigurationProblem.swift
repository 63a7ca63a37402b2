/// One thing that is wrong with a configuration: where, what was expected, what was found, and what to do.
///
/// ```text
/// unknown key 'lerning_rate' in stage1 (line 12); did you mean 'learning_rate'?
/// ```
public struct ConfigurationProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of problem.
  package enum Reason: Sendable, Equatable {
    /// No key of this name exists here; `nearest` is the known one that it resembles, `known` are all.
    case unknownKey(nearest: String?, known: [String])
    /// The key was given before, at `first` where that place is known.
    case duplicateKey(first: ConfigurationNode.Position?)
    /// The key belongs to another choice of a neighbouring key, such as `kind: openai`.
    case misplacedKey(belongsTo: String)
    /// A key that has no default is not there.
    case missingKey(expected: String)
    /// The value has the wrong kind or is out of range; `nearest` is the permitted word that it resembles.
    case unexpectedValue(expected: String, found: String, nearest: String?)
    /// The file can't be read at all, or its text is not of its language.
    case unreadable(String)
  }

  /// The section that holds the key, such as `student.lora` or `teachers[1]` (counted from 0); empty at the top.
  package var section: String
  /// The key, or empty where the problem is the whole file.
  package var key: String
  /// The place in the file; nil for a configuration that was built in code.
  package var position: ConfigurationNode.Position?
  package var reason: Reason

  /// One thing that is wrong with a configuration.
  package init(
    section: String = "", key: String = "", position: ConfigurationNode.Position? = nil, reason: Reason
  ) {
    (self.section, self.key, self.position, self.reason) = (section, key, position, reason)
  }

  /// The key with the sections that hold it: `stage1.learning_rate`, `teachers[1].name`.
  package var keyPath: String {
    section.isEmpty || key.isEmpty || key.hasPrefix("[") ? section + key : section + "." + key
  }

  /// The problem as one sentence.
  public var description: String {
    let line = position.map { " (\($0.words))" } ?? ""
    let place = keyPath.isEmpty ? position?.words ?? "the whole" : keyPath + line
    switch reason {
    case .unknownKey(let nearest, let known):
      let inside = section.isEmpty ? "" : " in \(section)"
      let help = nearest.map { "did you mean '\($0)'?" } ?? "known keys: \(known.joined(separator: ", "))"
      return "unknown key '\(key)'\(inside)\(line); \(help)"
    case .duplicateKey(let first):
      let before = first.map { ", first in \($0.words)" } ?? ""
      return "key '\(keyPath)' is given twice\(line)\(before); keep one"
    case .misplacedKey(let owner):
      return "\(place): this key belongs to \(owner); remove it or change that"
    case .missingKey(let expected):
      let begin = position.flatMap { position in
        position.setting.map { " (\($0))" }
          ?? (section.isEmpty ? nil : " (\(section) begins in line \(position.line))")
      }
      return "\(keyPath) is missing\(begin ?? ""); expected \(expected)"
    case .unexpectedValue(let expected, let found, let nearest):
      let help = nearest.map { "; did you mean '\($0)'?" } ?? ""
      return "\(place): expected \(expected), found \(found)\(help)"
    case .unreadable(let why):
      return position.map { "line \($0.line), column \($0.column): \(why)" } ?? why
    }
  }
}

/// A configuration that can't be used, with everything that is wrong with it, in the order of the file.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file as it was named to the reader; nil for a configuration that was built in code.
  public var file: String?
  /// The problems, at least one.
  public var problems: [ConfigurationProblem]

  /// A configuration that can't be used.
  package init(file: String?, problems: [ConfigurationProblem]) {
    (self.file, self.problems) = (file, problems)
  }

  /// All problems, one a line, under the file's name.
  public var description: String {
    let name = file ?? "the configuration"
    if problems.count == 1 {
      var problem = problems[0]
      // Said once.
      let setting = problem.position?.setting.map { " with \($0)" } ?? ""
      if !setting.isEmpty { problem.position = nil }
      return "\(name)\(setting): \(problem)"
    }
    return "\(name) has \(problems.count) problems:\n" + problems.map { "  - \($0)" }.joined(separator: "\n")
  }
}
