package import Foundation

/// A key with its value in place of what a file says, as `--set` gives it: `stage1.epochs=5`, `teachers.large.model=m`,
/// `labels[0].answer=Yes`, `evaluation.results=[stage1, two_stage]`.
package struct ConfigurationSetting: Sendable, Equatable {
  /// One step of a path: a key, or the place in a list; an element of a list that has a name may also be called by it.
  private enum Step: Equatable {
    case key(String)
    case place(Int)
  }

  private let steps: [Step]
  private let value: ConfigurationNode
  /// The value as it was written.
  private let written: String
  private let text: String
  /// What the value's place is called.
  package let position: ConfigurationNode.Position

  /// Reads `key=value`; the value is as it would stand in a file, in one line.
  ///
  /// - Throws: ``ConfigurationError`` for what is none.
  package init(_ text: String) throws(ConfigurationError) {
    func refusal(_ why: String) -> ConfigurationError {
      ConfigurationError(file: "--set \(text)", problems: [ConfigurationProblem(reason: .unreadable(why))])
    }
    guard let sign = text.firstIndex(of: "=") else { throw refusal("expected KEY=VALUE, such as stage1.epochs=5") }
    self.text = text
    var steps: [Step] = []
    for part in text[..<sign].split(separator: ".", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
      guard let name = pieces.first?.trimmingCharacters(in: .whitespaces), !name.isEmpty else {
        throw refusal("expected a key before =, such as stage1.epochs")
      }
      steps.append(.key(name))
      for piece in pieces.dropFirst() {
        guard piece.hasSuffix("]"), let place = Int(piece.dropLast()), (0...1_000_000).contains(place) else {
          throw refusal("expected a place in brackets, such as labels[0].answer")
        }
        steps.append(.place(place))
      }
    }
    self.steps = steps
    position = ConfigurationNode.Position(setting: "--set \(text)")
    let value = String(text[text.index(after: sign)...])
    written = value
    #if Run
      let format = ConfigurationFormat.yaml
    #else
      let format = ConfigurationFormat.json
    #endif
    do throws(ConfigurationProblem) {
      let node = try ConfigurationNode(text: "{\"value\": \(value)\n}", format: format)
      guard case .map(let entries) = node.content, entries.count == 1 else {
        throw ConfigurationProblem(reason: .unreadable("expected one value; put a text with signs in quotes"))
      }
      self.value = entries[0].value.placed(at: position)
    } catch {
      // A text with marks of YAML's own, such as a prompt in braces, means itself.
      guard !value.hasPrefix("["), !value.hasPrefix("\""), !value.hasPrefix("'") else {
        throw ConfigurationError(file: "--set \(text)", problems: [error])
      }
      self.value = ConfigurationNode(.text(value), at: position)
    }
  }

  /// The tree with the value in its place; maps on the way there are made.
  ///
  /// - Parameters:
  ///   - outline: the keys that there are, to know which of them are paths.
  ///   - folder: what relative paths are relative to.
  /// - Throws: ``ConfigurationError`` where the path leads through what is no map or list.
  package func applied(
    to node: ConfigurationNode, outline: [ConfigurationOutline], folder: URL
  ) throws(ConfigurationError) -> ConfigurationNode {
    try put(into: node, steps[...], keys: outline, row: nil, folder: folder)
  }

  private func put(
    into node: ConfigurationNode, _ steps: ArraySlice<Step>, keys: [ConfigurationOutline], row: ConfigurationOutline?,
    folder: URL
  ) throws(ConfigurationError) -> ConfigurationNode {
    guard let step = steps.first else { return meant(by: row).resolvingPaths(row, keys: keys, in: folder) }
    let rest = steps.dropFirst()
    var node = node
    switch (step, node.content) {
    case (.key(let name), .list(var elements)):
      guard let place = elements.firstIndex(where: { $0["name"]?.content == .text(name) }) else {
        throw refusal("there is no element named '\(name)'")
      }
      elements[place] = try put(into: elements[place], rest, keys: keys, row: row, folder: folder)
      node.content = .list(elements)
    case (.place(let place), .list(var elements)):
      guard place < elements.count else { throw refusal("the list has \(elements.count) elements, counted from 0") }
      elements[place] = try put(into: elements[place], rest, keys: keys, row: row, folder: folder)
      node.content = .list(elements)
    case (.key(let name), .map), (.key(let name), .null):
      var entries: [ConfigurationNode.Entry] = if case .map(let given) = node.content { given } else { [] }
      let rows = keys.named(name, beside: entries)
      let place = entries.firstIndex { $0.key == name }
      var old = place.map { entries[$0].value } ?? ConfigurationNode(.null)
      // What leads into a list that the file leaves out leads into its default.
      if place == nil, !rest.isEmpty, let list = rows.first?.defaultValue, case .list = list.content { old = list }
      let new = try put(
        into: old, rest, keys: rows.flatMap(\.keys), row: rows.first, folder: folder)
      if let place {
        entries[place].value = new
        if rest.isEmpty { entries[place].position = position }
      } else {
        entries.append(ConfigurationNode.Entry(name, new, at: position))
      }
      node.content = .map(entries)
    default:
      throw refusal("'\(step)' leads into \(node.found)".replacing("key(", with: "").replacing("place(", with: ""))
    }
    return node
  }

  /// The value for a key: where that takes text, whatever has marks of its own in a file is text too.
  private func meant(by row: ConfigurationOutline?) -> ConfigurationNode {
    guard row?.form.hasPrefix("text") == true else { return value }
    switch value.content {
    case .null, .text: return value
    case .boolean, .number, .list, .map: return ConfigurationNode(.text(written), at: position)
    }
  }

  private func refusal(_ why: String) -> ConfigurationError {
    ConfigurationError(file: "--set \(text)", problems: [ConfigurationProblem(reason: .unreadable(why))])
  }
}

extension ConfigurationNode {
  /// The same with one place for all, in place of those of another text.
  fileprivate func placed(at position: Position) -> ConfigurationNode {
    switch content {
    case .list(let elements): ConfigurationNode(.list(elements.map { $0.placed(at: position) }), at: position)
    case .map(let entries):
      ConfigurationNode(
        .map(entries.map { Entry($0.key, $0.value.placed(at: position), at: position) }), at: position)
    default: ConfigurationNode(content, at: position)
    }
  }

  /// With paths of the keys inside made absolute.
  fileprivate func resolvingPaths(
    _ row: ConfigurationOutline?, keys: [ConfigurationOutline], in folder: URL
  ) -> ConfigurationNode {
    switch content {
    case .text(let path) where row?.isPath == true && row?.form.hasPrefix("text") == true:
      return ConfigurationNode(.text(ConfigurationPath.absolute(path, in: folder)), at: position)
    case .map(let entries):
      return ConfigurationNode(
        .map(
          entries.map { entry in
            let row = row?.isPath == true && keys.isEmpty ? row?.asText : keys.named(entry.key, beside: entries).first
            let value = entry.value.resolvingPaths(row, keys: row?.keys ?? [], in: folder)
            return Entry(entry.key, value, at: entry.position)
          }), at: position)
    case .list(let elements):
      return ConfigurationNode(.list(elements.map { $0.resolvingPaths(row, keys: keys, in: folder) }), at: position)
    default: return self
    }
  }
}

extension [ConfigurationOutline] {
  /// The rows of a key, of several those that exist beside these entries: `model` of `kind: openai` is no path.
  fileprivate func named(_ name: String, beside entries: [ConfigurationNode.Entry]) -> [ConfigurationOutline] {
    let rows = filter { $0.name == name }
    let present = rows.filter { row in
      entries.contains { entry in
        if case .text(let word) = entry.value.content { row.condition == "\(entry.key): \(word)" } else { false }
      }
    }
    return present.isEmpty ? rows : present
  }
}

extension ConfigurationOutline {
  /// The row of a path within a map, as in `{adapter: FOLDER}`.
  fileprivate var asText: ConfigurationOutline {
    var row = self
    row.form = "text"
    return row
  }
}
