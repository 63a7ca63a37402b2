/// A text with named slots and sections that go away when they would stay empty.
///
/// - `{name}` is a slot, `{name:2}` the second image of one; `{{` and `}}` are braces that stand for themselves.
/// - `[[ ... ]]` is a section that is dropped whole when any slot in it is empty. Sections do not nest.
struct TextTemplate: Sendable, Equatable {
  enum Part: Sendable, Equatable {
    case text(String)
    case slot(String)
  }

  /// Parts in order; those of an optional section stand together.
  let sections: [(parts: [Part], isOptional: Bool)]
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
        guard Self.isSlot(name) else {
          throw .badTemplate(
            source, offset: i + 1,
            expected:
              "a slot's name (letters, digits, '_'; with ':1' and so on one of its images), or '{{' for a brace "
              + "by itself")
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

  /// A slot's name, or one with the number of an image, counted from 1.
  private static func isSlot(_ text: String) -> Bool {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, isSlotName(String(name)) else { return false }
    return parts.count == 1 || parts[1].allSatisfy { ("0"..."9").contains($0) } && Int(parts[1]) ?? 0 > 0
  }

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

  /// What a slot is filled with.
  enum Filling {
    case text(String)
    /// Images by their numbers, which stand at the slot's place and leave no text.
    case images([Int])

    var isEmpty: Bool {
      switch self {
      case .text(let text): text.isEmpty
      case .images(let images): images.isEmpty
      }
    }
  }

  /// A filled template.
  struct Filled {
    var text = ""
    /// Images in the order of their places, which are offsets in the text's UTF-8.
    var images: [(number: Int, place: Int)] = []
  }

  func filled(
    _ value: (String) -> Filling?, known: () -> [String]
  ) throws(TeacherProtocolError) -> Filled {
    var out = Filled()
    for section in sections {
      var own = out
      var hasEmptySlot = false
      for part in section.parts {
        switch part {
        case .text(let literal): own.text += literal
        case .slot(let name):
          guard let filling = value(name) else { throw .unknownSlot(name, template: source, known: known()) }
          hasEmptySlot = hasEmptySlot || filling.isEmpty
          switch filling {
          case .text(let text): own.text += text
          case .images(let images): own.images += images.map { ($0, own.text.utf8.count) }
          }
        }
      }
      if !(section.isOptional && hasEmptySlot) { out = own }
    }
    return out
  }
}
