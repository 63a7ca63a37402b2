#if Run
  // The events of libyaml, which Yams brings, and not the tree of Yams: what a file unfolds to is counted while it is read,
  // and a key that is given twice or is no word costs no more than any other.
  internal import CYaml

  /// Turns the events of a YAML text into a ``ConfigurationNode``, with its own reading of unquoted words.
  struct ConfigurationYAMLParser {
    /// Aliases let a short file unfold into a huge tree; no honest configuration comes near this many nodes.
    static let nodeLimit = 100_000

    /// The tree is walked by recursion.
    static let depthLimit = 100

    /// libyaml compares each of these lines with all before it.
    private static let directiveLimit = 100

    private let events: YAMLEvents
    private var nodesLeft = Self.nodeLimit
    /// The deepest level of the node that is being read.
    private var deepest = 0
    /// What anchors stand for, with the number of nodes in it and of the levels below it.
    private var anchors: [String: (node: ConfigurationNode, nodes: Int, levels: Int)] = [:]

    static func parse(_ text: String) throws(ConfigurationProblem) -> ConfigurationNode {
      let directives = text.utf8.split(separator: UInt8(ascii: "\n")).count { $0.first == UInt8(ascii: "%") }
      guard directives <= directiveLimit else {
        throw ConfigurationProblem(reason: .unreadable("more than \(directiveLimit) lines begin with %"))
      }
      var text = text
      return try text.withUTF8 { bytes in
        Result { () throws(ConfigurationProblem) in
          let empty = ConfigurationNode(.map([]), at: ConfigurationNode.Position(line: 1, column: 1))
          guard let start = bytes.baseAddress, !bytes.isEmpty else { return empty }
          var parser = ConfigurationYAMLParser(
            events: YAMLEvents(UnsafeBufferPointer(start: start, count: bytes.count)))
          return try parser.document() ?? empty
        }
      }.get()
    }

    private init(events: YAMLEvents) { self.events = events }

    /// The one document of the text; nil where there is none.
    private mutating func document() throws(ConfigurationProblem) -> ConfigurationNode? {
      try events.advance()
      try events.advance()
      if events.type == YAML_STREAM_END_EVENT { return nil }
      try events.advance()
      let root = try node(depth: 1)
      try events.advance()
      try events.advance()
      guard events.type == YAML_STREAM_END_EVENT else {
        throw ConfigurationProblem(
          position: events.position, reason: .unreadable("a second document begins here; a configuration is one"))
      }
      return root
    }

    /// The node that begins at the current event.
    private mutating func node(depth: Int) throws(ConfigurationProblem) -> ConfigurationNode {
      let position = events.position
      let anchor = events.anchor
      let (before, outer) = (nodesLeft, deepest)
      deepest = 0
      defer { deepest = max(deepest, outer) }
      try reach(depth, at: position)
      try take(1, at: position)
      var content: ConfigurationNode.Content
      switch events.type {
      case YAML_ALIAS_EVENT:
        guard let anchor, let known = anchors[anchor] else {
          throw ConfigurationProblem(position: position, reason: .unreadable("the alias has no anchor"))
        }
        try take(known.nodes - 1, at: position)
        try reach(depth + known.levels, at: position)
        return known.node
      case YAML_SEQUENCE_START_EVENT:
        var elements: [ConfigurationNode] = []
        while try events.advance() != YAML_SEQUENCE_END_EVENT { elements.append(try node(depth: depth + 1)) }
        content = .list(elements)
      case YAML_MAPPING_START_EVENT:
        var entries: [ConfigurationNode.Entry] = []
        while try events.advance() != YAML_MAPPING_END_EVENT { entries.append(try entry(depth: depth)) }
        content = .map(entries)
      default: content = try scalar(at: position)
      }
      let node = ConfigurationNode(content, at: position)
      if let anchor { anchors[anchor] = (node, before - nodesLeft, deepest - depth) }
      return node
    }

    static func tooDeep(at position: ConfigurationNode.Position) -> ConfigurationProblem {
      ConfigurationProblem(
        position: position, reason: .unreadable("this line is nested deeper than \(depthLimit) levels"))
    }

    private mutating func reach(_ depth: Int, at position: ConfigurationNode.Position) throws(ConfigurationProblem) {
      guard depth <= Self.depthLimit else { throw Self.tooDeep(at: position) }
      deepest = max(deepest, depth)
    }

    private mutating func take(_ nodes: Int, at position: ConfigurationNode.Position) throws(ConfigurationProblem) {
      nodesLeft -= nodes
      guard nodesLeft >= 0 else {
        throw ConfigurationProblem(
          position: position, reason: .unreadable("the file unfolds into more than \(Self.nodeLimit) values"))
      }
    }

    private mutating func entry(depth: Int) throws(ConfigurationProblem) -> ConfigurationNode.Entry {
      let position = events.position
      // A key is the text itself, whatever it would mean as a value.
      var key = events.text
      if events.type == YAML_ALIAS_EVENT {
        key = nil
        if let anchor = events.anchor, case .text(let text)? = anchors[anchor]?.node.content { key = text }
      } else if events.type == YAML_SCALAR_EVENT, let anchor = events.anchor {
        anchors[anchor] = (ConfigurationNode(try scalar(at: position), at: position), 1, 0)
      }
      guard let key else {
        throw ConfigurationProblem(
          position: position, reason: .unreadable("a key must be a word, not a list or a map"))
      }
      try events.advance()
      return ConfigurationNode.Entry(key, try node(depth: depth + 1), at: position)
    }

    private func scalar(at position: ConfigurationNode.Position) throws(ConfigurationProblem)
      -> ConfigurationNode.Content
    {
      let text = events.text ?? ""
      let standard = "tag:yaml.org,2002:"
      switch events.tag {
      case nil: return events.isPlain ? PlainScalar.content(of: text) : .text(text)
      case "!", standard + "str": return .text(text)
      case standard + "int", standard + "float", standard + "bool", standard + "null":
        return PlainScalar.content(of: text)
      case let tag?:
        throw ConfigurationProblem(
          position: position, reason: .unreadable("the tag '\(tag)' has no meaning here; write the plain value"))
      }
    }
  }

  /// The events of a text, one after the other.
  private final class YAMLEvents {
    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    private var event = yaml_event_t()

    /// - Parameter bytes: UTF-8, at least one byte, which must outlive the reader.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
      yaml_parser_initialize(parser)
      yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
      yaml_event_delete(&event)
      yaml_parser_delete(parser)
      parser.deallocate()
    }

    /// Goes to the next event.
    @discardableResult func advance() throws(ConfigurationProblem) -> yaml_event_type_t {
      yaml_event_delete(&event)
      guard yaml_parser_parse(parser, &event) == 1 else { throw problem }
      return event.type
    }

    var type: yaml_event_type_t { event.type }

    /// Where the event begins.
    var position: ConfigurationNode.Position { Self.position(event.start_mark) }

    private static func position(_ mark: yaml_mark_t) -> ConfigurationNode.Position {
      ConfigurationNode.Position(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    /// The name that the node is given, or that an alias has.
    var anchor: String? {
      switch type {
      case YAML_ALIAS_EVENT: Self.string(event.data.alias.anchor)
      case YAML_SCALAR_EVENT: Self.string(event.data.scalar.anchor)
      case YAML_SEQUENCE_START_EVENT: Self.string(event.data.sequence_start.anchor)
      case YAML_MAPPING_START_EVENT: Self.string(event.data.mapping_start.anchor)
      default: nil
      }
    }

    private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
      text.map { String(cString: $0) }
    }

    /// The text of a scalar.
    var text: String? {
      guard type == YAML_SCALAR_EVENT, let text = event.data.scalar.value else { return nil }
      return String(decoding: UnsafeBufferPointer(start: text, count: event.data.scalar.length), as: UTF8.self)
    }

    var isPlain: Bool { event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE }

    /// The tag of a scalar; that of texts where quotes stand for it, nil where there is none.
    var tag: String? {
      event.data.scalar.quoted_implicit == 1 ? "tag:yaml.org,2002:str" : Self.string(event.data.scalar.tag)
    }

    private var problem: ConfigurationProblem {
      let state = parser.pointee
      let words = state.problem.map { String(cString: $0) } ?? "there is no memory for it"
      // libyaml looks ahead of its events, to at most a thousand levels.
      if words.hasPrefix("Maximum nesting level") {
        return ConfigurationYAMLParser.tooDeep(at: Self.position(state.problem_mark))
      }
      let place = state.context.map {
        " (\(String(cString: $0)) that began in line \(Self.position(state.context_mark).line))"
      }
      let hasMark = state.error == YAML_SCANNER_ERROR || state.error == YAML_PARSER_ERROR
      return ConfigurationProblem(
        position: hasMark ? Self.position(state.problem_mark) : nil,
        reason: .unreadable("this is not YAML: \(words)\(place ?? "")"))
    }
  }
#endif
