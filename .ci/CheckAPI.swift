import Foundation

// Holds the public declarations of the built libraries against the digests of the last release.
//
// usage: CheckAPI --modules MANIFEST.json
//        CheckAPI MODULES... --graphs FOLDER --digests FOLDER --changelog FILE [--write]
//   --modules    prints the modules of the library products in what `swift package dump-package` prints
//   --graphs     what `swift-symbolgraph-extract` wrote of each module
//   --digests    one file MODULE.txt a module: a sorted line for each public declaration and for each conformance
//   --changelog  the page whose section [Unreleased] names what changed
//   --write      writes the digests in place of comparing them
//
// `check-api` builds the graphs, and compiles and starts this.

struct Failure: Error, CustomStringConvertible {
  var description: String
}

// MARK: - Digests

/// What is read of a symbol graph. https://github.com/swiftlang/swift-docc-symbolkit describes the format.
struct SymbolGraph: Decodable {
  struct Fragment: Decodable { var spelling: String }
  struct Constraint: Decodable {
    var kind, lhs, rhs: String
    var text: String { "\(lhs) \(kind == "sameType" ? "==" : ":") \(rhs)" }
  }
  struct Extension: Decodable { var constraints: [Constraint]? }
  struct Identifier: Decodable { var precise: String }
  struct Location: Decodable { var uri: String }
  struct Symbol: Decodable {
    var identifier: Identifier
    var pathComponents: [String]
    var declarationFragments: [Fragment]
    var swiftExtension: Extension?
    var location: Location?
  }
  struct Relationship: Decodable {
    var kind, source, target: String
    var targetFallback: String?
    var swiftConstraints: [Constraint]?
  }

  var symbols: [Symbol]
  var relationships: [Relationship]
}

/// Protocols that nearly every type has, or that follow from others.
let impliedProtocols: Set<String> = ["Copyable", "Escapable", "BitwiseCopyable", "SendableMetatype"]

/// The lines of a module's graphs, sorted: `Path.of.declaration: its text`, `Path.of.Type: conforms to Protocol`.
func digest(of graphs: [SymbolGraph]) throws -> [String] {
  func clause(_ constraints: [SymbolGraph.Constraint]?) -> String {
    guard let constraints, !constraints.isEmpty else { return "" }
    return " where " + constraints.map(\.text).sorted().joined(separator: ", ")
  }
  let relationships = graphs.flatMap(\.relationships)
  let requirements = Set(
    relationships.filter { $0.kind == "requirementOf" || $0.kind == "optionalRequirementOf" }.map(\.source))
  let symbols = graphs.flatMap(\.symbols)
  if !symbols.isEmpty, symbols.allSatisfy({ $0.location == nil }) {
    throw Failure(
      description: "the graph has no source locations, so that what the compiler derives can't be told apart")
  }
  var lines: Set<String> = []
  var paths: [String: String] = [:]
  for symbol in symbols {
    let path = symbol.pathComponents.joined(separator: ".")
    paths[symbol.identifier.precise] = path
    // What the compiler derives follows from a conformance, but for the type of raw values.
    guard symbol.location != nil || symbol.pathComponents.last == "init(rawValue:)" else { continue }
    let text = symbol.declarationFragments.map(\.spelling).joined()
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let kind = requirements.contains(symbol.identifier.precise) ? "requirement " : ""
    lines.insert("\(path): \(kind)\(text)\(clause(symbol.swiftExtension?.constraints))")
  }
  for relationship in relationships where relationship.kind == "conformsTo" || relationship.kind == "inheritsFrom" {
    let target = relationship.targetFallback ?? paths[relationship.target] ?? relationship.target
    let name = target.hasPrefix("Swift.") ? String(target.dropFirst("Swift.".count)) : target
    // Types of other modules have no path here; what they are given stands in lines of its own.
    guard !impliedProtocols.contains(name), let path = paths[relationship.source] else { continue }
    lines.insert("\(path): conforms to \(name)\(clause(relationship.swiftConstraints))")
  }
  return lines.sorted()
}

// MARK: - Comparing

/// A declaration that is not what it was.
struct Change {
  var module: String
  var path: String
  var was: [String]
  var isNow: [String]

  var word: String { was.isEmpty ? "new" : isNow.isEmpty ? "gone" : "changed" }
}

func byPath(_ lines: [String]) -> [String: [String]] {
  Dictionary(grouping: lines) { String($0[..<($0.range(of: ": ")?.lowerBound ?? $0.endIndex)]) }
}

/// What differs between two digests of a module, by path.
func changes(in module: String, from old: [String], to new: [String]) -> [Change] {
  let (old, new) = (byPath(old), byPath(new))
  return Set(old.keys).union(new.keys).sorted().compactMap { path in
    let (was, isNow) = (old[path] ?? [], new[path] ?? [])
    guard Set(was) != Set(isNow) else { return nil }
    return Change(
      module: module, path: path, was: was.filter { !isNow.contains($0) }, isNow: isNow.filter { !was.contains($0) })
  }
}

/// The types around a declaration and its name: `Tensor.matmul(_:)` gives ["Tensor"] and "matmul". Initialisers, subscripts
/// and calls go by their type's name.
func names(of path: String) -> (enclosing: [String], base: String) {
  let head = path.prefix { $0 != "(" }
  let symbols = head.reversed().prefix { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "`" }.count
  var parts: [String]
  if symbols > 0 {
    let own = head.suffix(symbols)
    parts = head.dropLast(symbols).split(separator: ".").map(String.init)
    parts.append(String(parts.isEmpty ? own : own.dropFirst()))
  } else {
    parts = head.split(separator: ".").map { String($0).replacing("`", with: "") }
  }
  let base = parts.removeLast()
  guard ["init", "subscript", "callAsFunction"].contains(base), let type = parts.last else { return (parts, base) }
  return (parts, type)
}

/// The changes that the text names in no code span. A declaration of a type or module that came or went is named by that.
func unnamed(_ changes: [Change], old: [String: [String]], new: [String: [String]], text: String) -> [Change] {
  let spans = text.matches(of: /`[^`]+`/).map { String($0.output) }
  let words = Set(spans.flatMap { $0.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init) })
  func isNamed(_ name: String) -> Bool {
    words.contains(name)
      || !(name.first?.isLetter ?? false) && name.first != "_" && spans.contains { $0.contains(name) }
  }
  let modules = Set(old.keys).symmetricDifference(new.keys)
  let types = Dictionary(
    uniqueKeysWithValues: Set(old.keys).intersection(new.keys).map { module in
      (module, Set(byPath(old[module]!).keys).symmetricDifference(byPath(new[module]!).keys))
    })
  return changes.filter { change in
    if modules.contains(change.module), isNamed(change.module) { return false }
    let (enclosing, base) = names(of: change.path)
    if isNamed(base) { return false }
    return !enclosing.indices.contains { last in
      types[change.module]?.contains(enclosing[...last].joined(separator: ".")) == true && isNamed(enclosing[last])
    }
  }
}

/// The section of a changelog for what is not released yet.
func unreleased(_ changelog: String) throws -> String {
  guard let start = changelog.range(of: "## [Unreleased]") else {
    throw Failure(description: "the changelog has no section [Unreleased]")
  }
  let rest = changelog[start.upperBound...]
  return String(rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)])
}

/// All changes, and those that the changelog does not name.
func compare(
  _ old: [String: [String]], _ new: [String: [String]], changelog: String
) throws -> (all: [Change], unnamed: [Change]) {
  let all = Set(old.keys).union(new.keys).sorted().flatMap {
    changes(in: $0, from: old[$0] ?? [], to: new[$0] ?? [])
  }
  return (all, unnamed(all, old: old, new: new, text: try unreleased(changelog)))
}

/// Plants one change of each kind and expects it to be found, and to be accepted once it is named.
func checkTheCheck() throws {
  let old = [
    "Kept": [
      "Box: struct Box", "Box.size: var size: Int", "Box.fill(_:): func fill(_ x: Int)",
      "Box.init(_:): init(_ size: Int)", "Box.+(_:_:): static func + (a: Box, b: Box) -> Box",
      "Box: conforms to Sendable",
      "Lid: struct Lid", "Lid.open(): func open()",
    ]
  ]
  func without(_ line: String) -> [String] { old["Kept"]!.filter { $0 != line } }
  let planted: [(what: String, new: [String: [String]], name: String)] = [
    ("a property that went", ["Kept": without("Box.size: var size: Int")], "`Box.size`"),
    (
      "a method whose type changed",
      ["Kept": without("Box.fill(_:): func fill(_ x: Int)") + ["Box.fill(_:): func fill(_ x: Double)"]], "`fill(_:)`"
    ),
    ("an initialiser that went", ["Kept": without("Box.init(_:): init(_ size: Int)")], "`Box`"),
    ("an operator that went", ["Kept": without("Box.+(_:_:): static func + (a: Box, b: Box) -> Box")], "`+`"),
    ("a conformance that went", ["Kept": without("Box: conforms to Sendable")], "`Box`"),
    ("a declaration that came", ["Kept": old["Kept"]! + ["Box.lid: var lid: Lid"]], "`lid`"),
    ("a type that went", ["Kept": old["Kept"]!.filter { !$0.hasPrefix("Lid") }], "`Lid`"),
    ("a module that went", [:], "`Kept`"),
    ("a module that came", ["Kept": old["Kept"]!, "Fresh": ["Cup: struct Cup"]], "`Fresh`"),
  ]
  for (what, new, name) in planted {
    let silent =
      "## [Unreleased]\n\nBox, size, fill, lid, Lid, +, Kept and `boxes` are no names.\n\n## [0.1.0]\n\(name)\n"
    guard try !compare(old, new, changelog: silent).unnamed.isEmpty else {
      throw Failure(description: "self-test: a planted change was not found: \(what)")
    }
    let open = try compare(old, new, changelog: "## [Unreleased]\n- See \(name).\n").unnamed
    guard open.isEmpty else {
      throw Failure(description: "self-test: \(what), named as \(name), is still reported: \(open.map(\.path))")
    }
  }
  guard try compare(old, ["Kept": old["Kept"]!.reversed().sorted()], changelog: "## [Unreleased]").all.isEmpty else {
    throw Failure(description: "self-test: the order of lines is no change")
  }
}

// MARK: - Files

/// The targets of a dumped manifest's library products.
func libraryModules(_ manifest: Data) throws -> [String] {
  guard let manifest = try JSONSerialization.jsonObject(with: manifest) as? [String: Any],
    let products = manifest["products"] as? [[String: Any]]
  else { throw Failure(description: "the dumped manifest has no products") }
  let libraries = products.filter { ($0["type"] as? [String: Any])?["library"] != nil }
  return Set(libraries.flatMap { $0["targets"] as? [String] ?? [] }).sorted()
}

func readGraphs(of module: String, in folder: String) throws -> [SymbolGraph] {
  let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  let own = files.filter { $0 == "\(module).symbols.json" || $0.hasPrefix("\(module)@") }
  guard !own.isEmpty else { throw Failure(description: "no symbol graph of \(module) in \(folder)") }
  return try own.map {
    try JSONDecoder().decode(SymbolGraph.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)")))
  }
}

func readDigests(in folder: String) throws -> [String: [String]] {
  let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  return Dictionary(
    uniqueKeysWithValues: try files.filter { $0.hasSuffix(".txt") }.map { file in
      let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
      return (String(file.dropLast(".txt".count)), text.split(separator: "\n").map(String.init))
    })
}

// MARK: - Main

do {
  var modules: [String] = []
  var options: [String: String] = [:]
  var arguments = CommandLine.arguments.dropFirst()
  while let argument = arguments.popFirst() {
    switch argument {
    case "--write": options[argument] = ""
    case "--graphs", "--digests", "--changelog", "--modules": options[argument] = arguments.popFirst()
    default: modules.append(argument)
    }
  }
  if let manifest = options["--modules"] {
    print(try libraryModules(Data(contentsOf: URL(fileURLWithPath: manifest))).joined(separator: "\n"))
    exit(0)
  }
  guard let graphs = options["--graphs"], let folder = options["--digests"], let page = options["--changelog"],
    !modules.isEmpty
  else {
    throw Failure(description: "usage: CheckAPI MODULES... --graphs FOLDER --digests FOLDER --changelog FILE [--write]")
  }
  try checkTheCheck()
  let new = Dictionary(
    uniqueKeysWithValues: try modules.map { ($0, try digest(of: try readGraphs(of: $0, in: graphs))) })
  let old = try readDigests(in: folder)
  let lines = new.values.reduce(0) { $0 + $1.count }
  if options["--write"] != nil {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for module in old.keys where new[module] == nil {
      try FileManager.default.removeItem(atPath: "\(folder)/\(module).txt")
    }
    for (module, lines) in new {
      let text = lines.map { $0 + "\n" }.joined()
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(module).txt"), options: .atomic)
    }
    print("\(folder): \(lines) lines of \(new.count) modules")
    exit(0)
  }
  guard !old.isEmpty else {
    throw Failure(description: "\(folder) has no digest to compare with: 'make api' writes it at a release")
  }
  let changelog = try String(contentsOfFile: page, encoding: .utf8)
  let (all, unnamed) = try compare(old, new, changelog: changelog)
  for change in unnamed {
    var text = "\(change.module): `\(change.path)` is \(change.word)\n"
    for line in change.was { text += "  was: \(line)\n" }
    for line in change.isNow { text += "  now: \(line)\n" }
    FileHandle.standardError.write(Data(text.utf8))
  }
  guard unnamed.isEmpty else {
    throw Failure(
      description: "\(unnamed.count) of \(all.count) changed public declarations are not named in \(page): "
        + "undo the change, or name each in a bullet under [Unreleased], in backticks")
  }
  print("\(lines) lines of \(new.count) modules, \(all.count) changed since the release, all named in \(page)")
} catch {
  FileHandle.standardError.write(Data("check-api: \(error)\n".utf8))
  exit(1)
}
