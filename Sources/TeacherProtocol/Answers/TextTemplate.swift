/// A text with named slots and sections that go away when they would stay empty.
///
/// - `{name}` is a slot; `{{` and `}}` are braces that stand for themselves.
/// - `[[ ... ]]` is a section that is dropped whole when any slot in it is empty. Sections do not nest.
struct TextTemplate: Sendable, Equatable {
  enum Part: Sendable, Equatable {
    case text(String)
    case slot(String)
  }

  /// Parts in order; those of an optional section stand together.
  private let sections: [(parts: [Part], isOptional: Bool)]
  let source: String

  init(_ source: String) throws(TeacherProtocolError) {
    self.source = source
    var sections: [(parts: [Part], isOptional: Bool)] = []
    var parts: [Part] = []
    var literal = ""
    var isOptional = false
    func endLiteral() {
      if !literal.isEmpty { parts.append(.text(literal)) }
      literal = ""
    }
    func endSection() {
      endLiteral()
      if !parts.isEmpty { sections.append((parts, isOptional)) }
      parts = []
    }
    let characters = Array(source)
    var i = 0
    func next(is pair: String) -> Bool { i + 1 < characters.count && String(characters[i...i + 1]) == pair }
    while i < characters.count {
      if next(is: "{{") || next(is: "}}") {
        literal.append(characters[i])
        i += 2
      } else if next(is: "[[") {
        guard !isOptional else { throw .badTemplate(source, offset: i, expected: "']]' before the next '[['") }
        endSection()
        isOptional = true
        i += 2
      } else if isOptional, next(is: "]]") {
        endSection()
        isOptional = false
        i += 2
      } else if characters[i] == "{" {
        guard let end = characters[i...].firstIndex(of: "}") else {
          throw .badTemplate(source, offset: i, expected: "'}' after '{', or '{{' for a brace that stands for itself")
        }
        let name = String(characters[i + 1..<end])
        guard Self.isSlotName(name) else {
          throw .badTemplate(
            source, offset: i + 1, expected: "a slot's name (letters, digits, '_'), or '{{' for a brace by itself")
        }
        endLiteral()
        parts.append(.slot(name))
        i = end + 1
      } else if characters[i] == "}" {
        throw .badTemplate(source, offset: i, expected: "'}}' for a brace that stands for itself")
      } else {
        literal.append(characters[i])
        i += 1
      }
    }
    guard !isOptional else { throw .badTemplate(source, offset: characters.count, expected: "']]'") }
    endSection()
    self.sections = sections
  }

  static func == (a: Self, b: Self) -> Bool { a.source == b.source }

  static func isSlotName(_ name: String) -> Bool {
    guard let first = name.unicodeScalars.first, !("0"..."9").contains(first) else { return false }
    return name.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "_"
    }
  }

  /// Names of the slots in order of first use.
  var slots: [String] {
    var seen: Set<String> = []
    return sections.flatMap(\.parts).compactMap { part in
      if case .slot(let name) = part, seen.insert(name).inserted { name } else { nil }
    }
  }

  /// Refuses slots that are not among the known ones.
  func check(_ known: [String]) throws(TeacherProtocolError) {
    if let unknown = slots.first(where: { !known.contains($0) }) {
      throw .unknownSlot(unknown, template: source, known: known)
    }
  }

  func filled(_ value: (String) -> String?, known: () -> [String]) throws(TeacherProtocolError) -> String {
    var out = ""
    for section in sections {
      var text = ""
      var hasEmptySlot = false
      for part in section.parts {
        switch part {
        case .text(let literal): text += literal
        case .slot(let name):
          guard let filling = value(name) else { throw .unknownSlot(name, template: source, known: known()) }
          hasEmptySlot = hasEmptySlot || filling.isEmpty
          text += filling
        }
      }
      if !(section.isOptional && hasEmptySlot) { out += text }
    }
    return out
  }
}
