import Foundation

// Holds the sources and the architecture page against the manifest.
//
// usage: CheckLayers MANIFEST.json ARCHITECTURE.md [--write]
//   MANIFEST.json    what `swift package dump-package` prints
//   ARCHITECTURE.md  a page with a picture and a table of the targets between markers
//   --write          writes picture and table instead of comparing them
//
// Run in the package's folder. `check-layers` compiles and starts it.

/// Which half of the house a target belongs to. Numbers and words know nothing of each other; only what is in both halves
/// may use both.
enum Half: String { case numbers, words, both }

/// The layers from the bottom up. A target imports targets of lower layers only, so those of one layer are siblings.
let layers: [(name: String, targets: [(name: String, half: Half)])] = [
  (
    "C and digests",
    [
      ("COpenBLAS", .numbers), ("CKernels", .numbers), ("COneDNN", .numbers), ("CImageCodecs", .numbers),
      ("CSQLite", .words), ("CPostgreSQL", .words), ("CCurl", .words), ("CMicroHTTPD", .both), ("CMPI", .both),
      ("CMeCab", .numbers),
      ("ContentDigest", .both), ("Wording", .both),
      ("JSON", .both),
    ]
  ),
  (
    "ground",
    [
      ("Tensor", .numbers), ("Tokenization", .numbers), ("TeacherProtocol", .words), ("ConfigurationFiles", .both),
      ("LoopbackServer", .both),
    ]
  ),
  ("middle", [("Layers", .numbers), ("ImageDecoding", .numbers)]),
  (
    "methods",
    [
      ("VisionEncoder", .numbers), ("LanguageModel", .numbers), ("LoRA", .numbers), ("DPO", .numbers),
      ("HTTPTeacher", .words), ("DualChecker", .words), ("Annotations", .words),
    ]
  ),
  (
    "student and store",
    [
      ("StudentModels", .numbers), ("Training", .numbers), ("Evaluation", .words), ("SQLiteStore", .words),
      ("PostgreSQLStore", .words),
      ("ReviewServer", .words),
    ]
  ),
  ("distillation", [("TwoStage", .both), ("TextStudents", .both), ("Reporting", .words)]),
  ("configuration", [("DistillationConfiguration", .both), ("StudentServer", .both)]),
  ("runs", [("Distillation", .both), ("NewsWorld", .both), ("GreenWorld", .both)]),
  ("programs", [("distill", .both), ("OutOfContextNews", .both), ("GreenInnovation", .both), ("RealText", .both)]),
]

/// The one file that hands on what another module declares: what a run is configured by, and what it gives.
let exports = "Sources/Distillation/Exports.swift"

/// Modules that a product of a package brings and that no product is named for.
let carried = ["CYaml": "Yams"]

/// Modules that come with the tool chain.
let systemModules: Set<String> = [
  "Foundation", "FoundationNetworking", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Dispatch",
  "Synchronization", "RegexBuilder", "Swift",
]

struct Target {
  var name: String
  var folder: String
  var dependencies: [String]
}

struct Source {
  var target: String
  var file: String
  var text: String
}

struct Failure: Error, CustomStringConvertible {
  var description: String
}

// MARK: - Reading

/// The targets of a dumped manifest that are no tests, in the manifest's order.
func readManifest(_ data: Data) throws -> [Target] {
  guard let manifest = try JSONSerialization.jsonObject(with: data) as? [String: Any],
    let targets = manifest["targets"] as? [[String: Any]]
  else { throw Failure(description: "the dumped manifest has no targets") }
  return try targets.compactMap { target in
    guard let name = target["name"] as? String, let type = target["type"] as? String else {
      throw Failure(description: "a target of the dumped manifest has no name or type")
    }
    let folder = target["path"] as? String ?? "Sources/\(name)"
    guard type != "test", !folder.hasPrefix("Tests/") else { return nil }
    // Each is one of {"target": [name, condition]}, {"byName": …} and {"product": …}.
    let dependencies = (target["dependencies"] as? [[String: Any]] ?? []).compactMap {
      ($0.values.first as? [Any])?.first as? String
    }
    return Target(name: name, folder: folder, dependencies: dependencies)
  }
}

func readSources(of targets: [Target]) throws -> [Source] {
  try targets.flatMap { target -> [Source] in
    let files = FileManager.default.enumerator(atPath: target.folder)?.compactMap { $0 as? String } ?? []
    return try files.filter { $0.hasSuffix(".swift") }.sorted().map { file in
      let path = target.folder + "/" + file
      return Source(target: target.name, file: path, text: try String(contentsOfFile: path, encoding: .utf8))
    }
  }
}

// MARK: - Checking

func violations(targets: [Target], sources: [Source], manifest: String) -> [String] {
  var found: [String] = []
  var rank: [String: Int] = [:]
  var half: [String: Half] = [:]
  for (index, layer) in layers.enumerated() {
    for target in layer.targets { (rank[target.name], half[target.name]) = (index, target.half) }
  }
  let declared = Dictionary(uniqueKeysWithValues: targets.map { ($0.name, $0.dependencies) })
  for target in targets {
    guard let own = rank[target.name] else {
      found.append("Package.swift: the target \(target.name) has no layer; give it one in .ci/CheckLayers.swift")
      continue
    }
    for dependency in target.dependencies {
      guard let below = rank[dependency] else {
        if declared[dependency] != nil { found.append("Package.swift: \(dependency) has no layer") }
        continue  // A product of another package.
      }
      if below >= own {
        found.append(
          "Package.swift: \(target.name) (\(layers[own].name)) depends on \(dependency) (\(layers[below].name)), "
            + "which is not below it")
      }
      if let a = half[target.name], let b = half[dependency], a != .both, b != .both, a != b {
        found.append("Package.swift: \(target.name) (\(a)) depends on \(dependency) (\(b))")
      }
    }
  }
  for name in rank.keys.sorted() where declared[name] == nil {
    found.append(".ci/CheckLayers.swift: there is no target \(name)")
  }
  for source in sources {
    var isText = false
    for (number, line) in source.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let place = "\(source.file):\(number + 1)"
      // A text of several lines may be a program in another language.
      if isTextMark(line) { isText.toggle() }
      guard !isText else { continue }
      if line.contains("@_exported"), source.file != exports { found.append("\(place): @_exported") }
      guard let module = importedModule(line), module != source.target else { continue }
      if module == "FoundationNetworking", half[source.target] == .numbers {
        found.append("\(place): the numbers side has no network")
      }
      let product = carried[module] ?? module
      if !systemModules.contains(module), declared[source.target]?.contains(product) != true {
        found.append("\(place): imports \(module), which the manifest does not declare for \(source.target)")
      }
    }
  }
  if manifest.contains("unsafeFlags") {
    found.append("Package.swift: unsafeFlags, with which nobody can depend on this package")
  }
  return found
}

/// Whether a text of several lines begins or ends in a line.
func isTextMark(_ line: Substring) -> Bool {
  line.split(separator: #"""""#, omittingEmptySubsequences: false).count % 2 == 0
}

/// The module that a line imports; nil for any other line.
func importedModule(_ line: Substring) -> String? {
  var words = line.split(whereSeparator: \.isWhitespace)
  while let first = words.first,
    first.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(first)
  {
    words.removeFirst()
  }
  guard words.first == "import", words.count > 1 else { return nil }
  let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
  let name = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
  return name.split(separator: ".").first.map { String($0.prefix { $0.isLetter || $0.isNumber || $0 == "_" }) }
}

/// Plants one violation of each kind and expects it to be found: a check that finds nothing may look at nothing.
func checkTheCheck(_ targets: [Target]) throws {
  let clean = violations(targets: targets, sources: [], manifest: "")
  func expect(_ what: String, _ targets: [Target], _ sources: [Source], _ manifest: String = "") throws {
    guard violations(targets: targets, sources: sources, manifest: manifest).count > clean.count else {
      throw Failure(description: "self-test: a planted violation was not found: \(what)")
    }
  }
  func with(_ name: String, dependingOn dependency: String) -> [Target] {
    targets.map { $0.name == name ? Target(name: name, folder: $0.folder, dependencies: [dependency]) : $0 }
  }
  func source(_ line: String) -> [Source] { [Source(target: "Tensor", file: "planted.swift", text: "\n" + line)] }
  try expect("an upward dependency", with("Tensor", dependingOn: "Layers"), [])
  try expect("a dependency between siblings", with("LoRA", dependingOn: "DPO"), [])
  try expect("numbers that depend on words", with("StudentModels", dependingOn: "Annotations"), [])
  try expect("words that depend on numbers", with("Annotations", dependingOn: "Tensor"), [])
  try expect("a target without a layer", targets + [Target(name: "Stray", folder: "", dependencies: [])], [])
  try expect("unsafeFlags", targets, [], ".unsafeFlags([])")
  for line in [
    "import Layers", "public import Layers", "  internal import struct Layers.Linear", "@preconcurrency import NIOCore",
    "#if Run\nimport Yams", "@_exported import Foundation", "import FoundationNetworking",
    "let text = \"\"\"\n  \"\"\"\nimport Layers",
  ] {
    try expect(line, targets, source(line))
  }
  for line in [
    "// import Layers", "import Foundation", "internal import CKernels", "let important = 1",
    "let text = \"\"\"\n  import torch\n  \"\"\"",
  ] {
    guard violations(targets: targets, sources: source(line), manifest: "").count == clean.count else {
      throw Failure(description: "self-test: '\(line)' is no violation")
    }
  }
}

// MARK: - The architecture page

/// A picture of the direct imports that do not follow from others, and a table of all of them.
func rendered(_ targets: [Target]) -> String {
  let known = Set(targets.map(\.name))
  let direct = Dictionary(
    uniqueKeysWithValues: targets.map { ($0.name, $0.dependencies.filter(known.contains)) })
  func reachable(_ name: String) -> Set<String> {
    (direct[name] ?? []).reduce(into: []) { $0.formUnion(reachable($1).union([$1])) }
  }
  var lines = ["```mermaid", "flowchart TD"]
  for layer in layers.reversed() {
    lines.append("  subgraph \(layer.name.replacingOccurrences(of: " ", with: "-"))[\"\(layer.name)\"]")
    lines += layer.targets.map { "    \($0.name)" }
    lines.append("  end")
  }
  for target in targets {
    let own = direct[target.name] ?? []
    for dependency in own where !own.contains(where: { reachable($0).contains(dependency) }) {
      lines.append("  \(target.name) --> \(dependency)")
    }
  }
  lines += [
    "  classDef numbers fill:#dbeafe,stroke:#2563eb,color:#111",
    "  classDef words fill:#dcfce7,stroke:#16a34a,color:#111",
  ]
  for half in [Half.numbers, .words] {
    let names = layers.flatMap(\.targets).filter { $0.half == half }.map(\.name)
    lines.append("  class \(names.joined(separator: ",")) \(half.rawValue)")
  }
  lines += ["```", "", "| target | layer | half | imports | packages |", "|---|---|---|---|---|"]
  for layer in layers.reversed() {
    for target in layer.targets {
      let dependencies = targets.first { $0.name == target.name }?.dependencies ?? []
      let own = dependencies.filter(known.contains).joined(separator: ", ")
      let others = dependencies.filter { !known.contains($0) }.joined(separator: ", ")
      lines.append("| \(target.name) | \(layer.name) | \(target.half.rawValue) | \(own) | \(others) |")
    }
  }
  return lines.joined(separator: "\n")
}

/// The page with picture and table between its markers.
func page(_ text: String, with content: String) throws -> String {
  let (begin, end) = ("<!-- targets: begin -->\n", "\n<!-- targets: end -->")
  guard let first = text.range(of: begin), let last = text.range(of: end), first.upperBound <= last.lowerBound else {
    throw Failure(description: "the architecture page has no '<!-- targets: begin -->' and '<!-- targets: end -->'")
  }
  return text[..<first.upperBound] + content + text[last.lowerBound...]
}

// MARK: - Main

do {
  let arguments = CommandLine.arguments
  guard arguments.count > 2 else {
    throw Failure(description: "usage: CheckLayers MANIFEST.json ARCHITECTURE.md [--write]")
  }
  let targets = try readManifest(try Data(contentsOf: URL(fileURLWithPath: arguments[1])))
  let sources = try readSources(of: targets)
  guard !sources.isEmpty else { throw Failure(description: "no sources here: run in the package's folder") }
  try checkTheCheck(targets)
  var problems = violations(
    targets: targets, sources: sources, manifest: try String(contentsOfFile: "Package.swift", encoding: .utf8))
  let old = try String(contentsOfFile: arguments[2], encoding: .utf8)
  let new = try page(old, with: rendered(targets))
  if arguments.contains("--write") {
    try Data(new.utf8).write(to: URL(fileURLWithPath: arguments[2]), options: .atomic)
  } else if old != new {
    problems.append("\(arguments[2]) does not show the manifest's targets: run 'make architecture'")
  }
  for problem in problems { FileHandle.standardError.write(Data((problem + "\n").utf8)) }
  guard problems.isEmpty else { exit(1) }
  print("\(targets.count) targets in \(layers.count) layers, \(sources.count) files: imports run one way")
} catch {
  FileHandle.standardError.write(Data("check-layers: \(error)\n".utf8))
  exit(1)
}
