#if Run
  import Yams

  /// Turns the tree that Yams composes into a ``ConfigurationNode``, with its own reading of unquoted words.
  enum ConfigurationYAMLParser {
    /// Aliases let a short file unfold into a huge tree; no honest configuration comes near this many nodes.
    static let nodeLimit = 100_000

    /// Yams descends by recursion without a limit of its own.
    static let depthLimit = 100

    static func parse(_ text: String) throws(ConfigurationProblem) -> ConfigurationNode {
      try refuseDeepNesting(text)
      var masked = MaskedText(text)
      // Yams stops at the first key that is given twice. Such a key is masked by a name of the same length and the
      // text composed again, so that the reader can report it together with everything else.
      while true {
        do {
          guard let root = try Yams.compose(yaml: masked.text) else {
            return ConfigurationNode(.map([]), at: ConfigurationNode.Position(line: 1, column: 1))
          }
          var budget = nodeLimit
          return try convert(root, masked.names, &budget)
        } catch let problem as ConfigurationProblem {
          throw problem
        } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
          let position = ConfigurationNode.Position(line: context.mark.line, column: context.mark.column)
          guard let key = keys.first, masked.mask(key, at: position) else {
            throw ConfigurationProblem(key: keys.first ?? "", position: position, reason: .duplicateKey(first: nil))
          }
        } catch {
          throw unreadable(error)
        }
      }
    }

    /// Bounds the nesting from above without parsing: brackets left open, and marks that open a line, where a level
    /// takes a column at least. Brackets in texts count too, but no honest text leaves a hundred of them open.
    private static func refuseDeepNesting(_ text: String) throws(ConfigurationProblem) {
      var open = 0
      for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
        let head = line.utf8.prefix { " -?\t".utf8.contains($0) }
        let marks = head.count { $0 != UInt8(ascii: " ") }
        for byte in line.utf8 {
          if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { open += 1 }
          if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { open = max(0, open - 1) }
          guard open <= depthLimit else { break }
        }
        guard open <= depthLimit, marks <= depthLimit, head.count <= 4 * depthLimit else {
          throw ConfigurationProblem(
            position: ConfigurationNode.Position(line: index + 1, column: 1),
            reason: .unreadable("this line is nested deeper than \(depthLimit) levels"))
        }
      }
    }

    private static func convert(
      _ node: Node, _ masked: [String: String], _ budget: inout Int
    ) throws(ConfigurationProblem) -> ConfigurationNode {
      let position = position(node)
      budget -= 1
      guard budget >= 0 else {
        throw ConfigurationProblem(
          position: position, reason: .unreadable("the file unfolds into more than \(nodeLimit) values"))
      }
      switch node {
      case .scalar(let scalar):
        return ConfigurationNode(try content(of: scalar, at: position), at: position)
      case .sequence(let sequence):
        var elements: [ConfigurationNode] = []
        for element in sequence { elements.append(try convert(element, masked, &budget)) }
        return ConfigurationNode(.list(elements), at: position)
      case .mapping(let mapping):
        var entries: [ConfigurationNode.Entry] = []
        for (key, value) in mapping {
          guard case .scalar(let scalar) = key else {
            throw ConfigurationProblem(
              position: self.position(key), reason: .unreadable("a key must be a word, not a list or a map"))
          }
          entries.append(
            ConfigurationNode.Entry(
              masked[scalar.string] ?? scalar.string, try convert(value, masked, &budget), at: self.position(key)))
        }
        return ConfigurationNode(.map(entries), at: position)
      case .alias:
        throw ConfigurationProblem(position: position, reason: .unreadable("the alias has no anchor"))
      }
    }

    private static func content(
      of scalar: Node.Scalar, at position: ConfigurationNode.Position?
    ) throws(ConfigurationProblem) -> ConfigurationNode.Content {
      let standard = "tag:yaml.org,2002:"
      let tag = scalar.tag.rawValue
      switch tag {
      case "": return scalar.style == .plain ? PlainScalar.content(of: scalar.string) : .text(scalar.string)
      case "!", standard + "str": return .text(scalar.string)
      case standard + "int", standard + "float", standard + "bool", standard + "null":
        return PlainScalar.content(of: scalar.string)
      default:
        throw ConfigurationProblem(
          position: position, reason: .unreadable("the tag '\(tag)' has no meaning here; write the plain value"))
      }
    }

    private static func position(_ node: Node) -> ConfigurationNode.Position? {
      node.mark.map { ConfigurationNode.Position(line: $0.line, column: $0.column) }
    }

    private static func unreadable(_ error: any Error) -> ConfigurationProblem {
      switch error {
      case YamlError.scanner(let context, let problem, let mark, _),
        YamlError.parser(let context, let problem, let mark, _),
        YamlError.composer(let context, let problem, let mark, _):
        let place = context.map { " (\($0.text) that began in line \($0.mark.line))" } ?? ""
        return ConfigurationProblem(
          position: ConfigurationNode.Position(line: mark.line, column: mark.column),
          reason: .unreadable("this is not YAML: \(problem)\(place)"))
      case YamlError.reader(let problem, _, _, _):
        return ConfigurationProblem(reason: .unreadable("this is not YAML: \(problem)"))
      default:
        return ConfigurationProblem(reason: .unreadable("this is not YAML: \(error)"))
      }
    }
  }

  /// YAML text in which repeated keys are replaced by unique names of private-use characters.
  private struct MaskedText {
    private(set) var text: String
    /// The true name of each mask.
    private(set) var names: [String: String] = [:]

    init(_ text: String) {
      self.text = text
    }

    /// Masks the key that begins at `position`; false where the text there is not plainly the key.
    mutating func mask(_ key: String, at position: ConfigurationNode.Position) -> Bool {
      guard let mask = Unicode.Scalar(0xE000 + UInt32(names.count)), names.count < 1_000 else { return false }
      var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map { Array($0.unicodeScalars) }
      guard lines.indices.contains(position.line - 1) else { return false }
      var start = position.column - 1
      if start < lines[position.line - 1].count, "\"'".unicodeScalars.contains(lines[position.line - 1][start]) {
        start += 1
      }
      let wanted = Array(key.unicodeScalars)
      let end = start + wanted.count
      guard !wanted.isEmpty, end <= lines[position.line - 1].count,
        Array(lines[position.line - 1][start..<end]) == wanted
      else { return false }
      let name = Array(repeating: mask, count: wanted.count)
      lines[position.line - 1].replaceSubrange(start..<end, with: name)
      text = lines.map { String(String.UnicodeScalarView($0)) }.joined(separator: "\n")
      names[String(String.UnicodeScalarView(name))] = key
      return true
    }
  }
#endif
