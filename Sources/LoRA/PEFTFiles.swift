public import Foundation
public import Layers
internal import Tensor

extension Module {
  /// Writes the adapters to a folder as PEFT does, for any program that reads PEFT adapters.
  ///
  /// ```swift
  /// try model.saveAdapter(to: folder, configuration: configuration, baseModel: "../base")
  /// ```
  ///
  /// `adapter_config.json` lists the adapted projections by their whole paths, so that a reader adapts exactly those;
  /// `adapter_model.safetensors` holds the two matrices of each; `README.md` says in words what they are. The same
  /// adapters give the same bytes. Each file appears whole or not at all, and a reader never finds new weights beside an
  /// old configuration: where that changes, it is taken away first and written last.
  ///
  /// - Parameters:
  ///   - folder: where to; made if it is not there. Files of these three names are replaced.
  ///   - configuration: what the adapters were attached with; its targets are not written, the adapted paths are.
  ///   - baseModel: the folder or name of the model without adapters.
  ///   - taskType: PEFT's name for the kind of model, such as "SEQ_CLS"; nil leaves it open. The default is "CAUSAL_LM".
  /// - Precondition: rank and scale are those of the adapters.
  /// - Throws: ``LoRAError/noAdapter``, ``LoRAError/unusableFile(_:_:)``, or `Tensor.SafetensorsError.unwritable`.
  public func saveAdapter(
    to folder: URL, configuration: LoRAConfiguration, baseModel: String, taskType: String? = "CAUSAL_LM"
  ) throws {
    var tensors: [String: Tensor] = [:]
    var adapted: [String] = []
    var others: [String] = []
    var copy = self
    copy.edit { projection, path in
      guard let adapter = projection as? LoRAProjection else { return others.append(path) }
      precondition(
        adapter.a.value.shape[0] == configuration.rank && adapter.scale == configuration.scale,
        "\(path) has rank \(adapter.a.value.shape[0]) and scale \(adapter.scale), "
          + "the configuration \(configuration.rank) and \(configuration.scale)")
      adapted.append(path)
      tensors["\(PEFTSpelling.prefix)\(path).lora_A.weight"] = adapter.a.value
      tensors["\(PEFTSpelling.prefix)\(path).lora_B.weight"] = adapter.b.value
    }
    guard !adapted.isEmpty else { throw LoRAError.noAdapter }
    var written = configuration
    written.targets = .exactly(adapted, not: others)
    let bytes = PEFTConfiguration.bytes(of: written, baseModel: baseModel, taskType: taskType)
    let file = folder.appendingPathComponent("adapter_config.json")
    try LoRAError.naming(folder) {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    if FileManager.default.fileExists(atPath: file.path), (try? Data(contentsOf: file)) != bytes {
      try LoRAError.naming(file) { try FileManager.default.removeItem(at: file) }
    }
    try Tensor.writeSafetensors(tensors, to: folder.appendingPathComponent("adapter_model.safetensors"))
    let card = PEFTModelCard(
      configuration: configuration, baseModel: baseModel, adapted: adapted,
      elements: tensors.values.reduce(0) { $0 + $1.count })
    let readme = folder.appendingPathComponent("README.md")
    try LoRAError.naming(readme) { try Data(card.text.utf8).write(to: readme, options: .atomic) }
    try LoRAError.naming(file) { try bytes.write(to: file, options: .atomic) }
  }

  /// Attaches the adapters of a PEFT folder and freezes everything else.
  ///
  /// ```swift
  /// let configuration = try model.loadAdapter(from: folder)
  /// ```
  ///
  /// Nothing is skipped in silence: every projection that the folder's configuration targets must have its two matrices
  /// there, in the right shapes, and every tensor must be taken. Paths are tried as they stand and then in the spellings
  /// that transformers' renamings of vision-language models left in circulation; an adapter in another spelling of this
  /// model's paths loads as well.
  ///
  /// - Returns: what the folder says, with the targets spelled as this model's own paths: enough to save it again.
  /// - Precondition: the model has no adapters.
  /// - Throws: ``LoRAError``, or `Tensor.SafetensorsError` for a damaged file; the model is then unchanged.
  @discardableResult
  public mutating func loadAdapter(from folder: URL) throws -> LoRAConfiguration {
    let stored = try PEFTConfiguration(contentsOf: folder.appendingPathComponent("adapter_config.json"))
    let url = folder.appendingPathComponent("adapter_model.safetensors")
    let file = try Tensor.SafetensorsFile(contentsOf: url)
    var shapes: [(path: String, shape: [Int])] = []
    var copy = self
    copy.edit { projection, path in shapes.append((path, projection.denseWeight().shape)) }
    let contents = AdapterContents(file)
    let spelling = contents.spelling(for: shapes.map(\.path))

    var chosen: [String] = []
    var others: [String] = []
    var misshapen: [String] = []
    var (missing, used) = ([String](), Set<String>())
    for (path, shape) in shapes {
      guard try stored.adapts(spelling.inFile(path)) else {
        others.append(path)
        continue
      }
      chosen.append(path)
      let rank = stored.lora.rank
      for (letter, expected) in [("A", [rank, shape[1]]), ("B", [shape[0], rank])] {
        let name = AdapterContents.name(letter, spelling.inFile(path))
        used.insert(name)
        guard let found = file.shape(of: name) else {
          missing.append(name)
          continue
        }
        if found != expected { misshapen.append("\(name): expected \(expected), found \(found)") }
      }
    }
    let unknown = file.names.filter { !used.contains($0) }
    guard missing.isEmpty, unknown.isEmpty, misshapen.isEmpty else {
      throw LoRAError.mismatch(file: url.path, missing: missing, unknown: unknown, misshapen: misshapen)
    }
    guard !chosen.isEmpty else {
      throw LoRAError.nothingMatches(targets: "\(stored.lora.targets)", available: shapes.map(\.path))
    }
    var matrices: [String: (a: Tensor, b: Tensor)] = [:]
    for path in chosen {
      let name = spelling.inFile(path)
      matrices[path] = (
        try file.tensor(named: AdapterContents.name("A", name)), try file.tensor(named: AdapterContents.name("B", name))
      )
    }
    var result = stored.lora
    result.targets = .exactly(chosen, not: others)
    result.excluded = []
    var generator = Tensor.Generator(seed: 0)  // for matrices that are replaced at once
    attachAdapters(at: Set(chosen), stored.lora, using: &generator)
    editAdapters { adapter, path in
      guard let (a, b) = matrices[path] else { return }
      adapter.a.value = a
      adapter.b.value = b
    }
    return result
  }
}

/// The tensors of an adapter file by the paths of the projections that they belong to.
private struct AdapterContents {
  let paths: Set<String>

  init(_ file: Tensor.SafetensorsFile) {
    paths = Set(
      file.names.compactMap { name in
        guard name.hasPrefix(PEFTSpelling.prefix), name.hasSuffix(".lora_A.weight") else { return nil }
        return String(name.dropFirst(PEFTSpelling.prefix.count).dropLast(".lora_A.weight".count))
      })
  }

  static func name(_ letter: String, _ path: String) -> String {
    "\(PEFTSpelling.prefix)\(path).lora_\(letter).weight"
  }

  /// The first spelling in which the file's paths are all in the model, or else the one in which most are.
  func spelling(for model: [String]) -> PEFTSpelling {
    let counts = PEFTSpelling.all.map { spelling in paths.intersection(model.map(spelling.inFile)).count }
    let best = counts.indices.max { counts[$0] < counts[$1] || counts[$0] == counts[$1] && $0 > $1 }
    return PEFTSpelling.all[best ?? 0]
  }
}

extension LoRAConfiguration.Targets {
  /// Targets that match these paths and none of the others.
  ///
  /// A whole path matches itself and every path that ends with it after a dot; where another projection does, only a
  /// regular expression can tell the two apart.
  static func exactly(_ paths: [String], not others: [String]) -> LoRAConfiguration.Targets {
    let clashes = others.contains { other in paths.contains { other.hasSuffix("." + $0) } }
    guard clashes else { return .names(paths.sorted()) }
    return .pattern(paths.sorted().map { $0.replacingOccurrences(of: ".", with: "\\.") }.joined(separator: "|"))
  }
}

extension LoRAError {
  /// Runs the closure; what the file system throws becomes an error with the path.
  fileprivate static func naming(_ url: URL, _ body: () throws -> Void) throws {
    do { try body() } catch {
      throw LoRAError.unusableFile(url.path, "cannot be written: \(error.localizedDescription)")
    }
  }
}
