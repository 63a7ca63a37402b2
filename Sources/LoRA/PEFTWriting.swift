public import Foundation
public import Layers
internal import Tensor
internal import Wording

extension Module {
  /// Writes an adapter to a folder as PEFT does, for any program that reads PEFT adapters.
  ///
  /// ```swift
  /// try model.saveAdapter(to: folder, configuration: configuration, baseModel: "../base")
  /// ```
  ///
  /// `adapter_config.json` lists the adapted places by their whole paths, so that a reader adapts exactly those;
  /// `adapter_model.safetensors` holds the matrices of each and what was trained as a whole; `README.md` says in words what
  /// they are. An adapter with a principal beginning is written as a plain one of twice the rank, which loads on the base
  /// model as it is. The same adapters give the same bytes. Each file appears whole or not at all, and a reader never finds
  /// new weights beside an old configuration: where that changes, it is taken away first and written last.
  ///
  /// - Parameters:
  ///   - folder: where to; made if it is not there. Files of these three names are replaced.
  ///   - configuration: what the adapter was attached with; its targets and patterns are not written, the adapted paths
  ///     with their ranks are.
  ///   - name: which of the model's adapters. The default is "default".
  ///   - baseModel: the folder or name of the model without adapters.
  ///   - taskType: PEFT's name for the kind of model, such as "SEQ_CLS"; nil leaves it open. The default is "CAUSAL_LM".
  ///     Adapters of classifiers ("SEQ_CLS", "TOKEN_CLS") must bring the head, without which PEFT does not load them.
  /// - Throws: ``LoRAError/noAdapter``, ``LoRAError/invalidConfiguration(_:)`` where the configuration is another's or the
  ///   head is missing,
  ///   ``LoRAError/unusableFile(_:_:)``, or `Tensor.SafetensorsError.unwritable`.
  public func saveAdapter(
    to folder: URL, configuration: LoRAConfiguration, named name: String = "default", baseModel: String,
    taskType: String? = "CAUSAL_LM"
  ) throws {
    let contents = try AdapterContents(of: self, named: name, configuration)
    if let head = missingHead(named: name, taskType: taskType) {
      throw LoRAError.invalidConfiguration(
        "PEFT takes the head of a \(taskType ?? "") model from the adapter, and this one leaves \(head) to the base; name it "
          + "in savedModules, or give no taskType")
    }
    let bytes = PEFTConfiguration.bytes(of: contents.configuration, baseModel: baseModel, taskType: taskType)
    let file = folder.appendingPathComponent("adapter_config.json")
    try LoRAError.naming(folder) {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    if FileManager.default.fileExists(atPath: file.path), (try? Data(contentsOf: file)) != bytes {
      try LoRAError.naming(file) { try FileManager.default.removeItem(at: file) }
    }
    try Tensor.writeSafetensors(contents.tensors, to: folder.appendingPathComponent("adapter_model.safetensors"))
    let card = PEFTModelCard(
      configuration: contents.configuration, baseModel: baseModel, adapted: contents.adapted,
      elements: contents.tensors.values.reduce(0) { $0 + $1.count })
    let readme = folder.appendingPathComponent("README.md")
    try LoRAError.naming(readme) { try Data(card.text.utf8).write(to: readme, options: .atomic) }
    try LoRAError.naming(file) { try bytes.write(to: file, options: .atomic) }
  }
}

extension Module {
  /// A parameter of a classifier's head that an adapter does not bring.
  fileprivate func missingHead(named name: String, taskType: String?) -> String? {
    guard taskType == "SEQ_CLS" || taskType == "TOKEN_CLS" else { return nil }
    return parameters().first { path, parameter in
      path.split(separator: ".").contains { $0 == "classifier" || $0 == "score" } && !path.contains(".lora_")
        && parameter.alternative?.owner != name
    }?.path
  }
}

/// What an adapter's folder says and holds, under the names of its layout.
private struct AdapterContents {
  private(set) var configuration: LoRAConfiguration
  private(set) var tensors: [String: Tensor] = [:]
  /// Paths of the adapted places, as spelled in the file.
  private(set) var adapted: [String] = []

  init(of model: some Module, named name: String, _ configuration: LoRAConfiguration) throws {
    self.configuration = configuration
    let (places, head) = (model.places(), model.tokenHead())
    let spelling = PEFTSpelling.writing(configuration.layout, paths: places.map(\.path))
    var (parts, others) = ([(place: AdapterPlace, part: LowRankPart)](), [String]())
    var found: [String: LowRankPart] = [:]
    var copy = model
    copy.editParts { part, path in if part.name == name { found[path] = part } }
    for place in places {
      if let part = found[place.path] {
        parts.append((place, part))
      } else {
        others.append(spelling.inFile(place.path))
      }
    }
    guard !parts.isEmpty else { throw LoRAError.noAdapter }
    let matcher = try AdapterMatcher(configuration)
    for (place, part) in parts {
      let scale = configuration.scale(rank: try matcher.rank(at: place.path), alpha: try matcher.alpha(at: place.path))
      guard try part.rank == matcher.rank(at: place.path), part.scale == scale,
        (part.magnitude != nil) == configuration.usesDoRA, (part.bias != nil) == configuration.hasBias
      else {
        throw LoRAError.invalidConfiguration(
          "\(place.path) has rank \(part.rank) and scale \(part.scale), and the configuration does not say so; "
            + "save it with the one it was attached with")
      }
      add(part, at: place, spelling)
    }
    self.configuration.trainedTokens = [:]
    copy.editRows { rows, path in
      guard rows.name == name else { return }
      let spelled = spelling.inFile(path)
      self.configuration.trainedTokens[spelled] = rows.tokens
      tensors[PEFTSpelling.prefix + spelled.appending(component: TrainedRows.tensorName)] = rows.values.value
    }
    let wrapped = Set(parts.map(\.place.path))
    for (path, parameter) in model.parameters() {
      guard let alternative = parameter.alternative, alternative.owner == name else { continue }
      let (spelled, module) = (spelling.inFile(path), ModelPaths.module(of: path))
      let names = PEFTTensorNames.copies(
        of: spelled, isWrapped: wrapped.contains(module),
        hasRows: self.configuration.trainedTokens[spelling.inFile(module)] != nil)
      let value = alternative.isBase ? parameter.value : alternative.value
      tensors[names[0]] = value
      if let head, configuration.ensuresTying, module == head.table, !wrapped.contains(module) {
        saveTied(head, value, spelling)
      }
    }
    describe(parts.map(\.part), not: others)
    if let head, let shared = parts.first(where: \.part.isShared) { addTied(shared.part, head, spelling) }
  }

  /// A table that was trained as a whole, for the head that is tied to it.
  private mutating func saveTied(_ head: TokenHead, _ value: Tensor, _ spelling: PEFTSpelling) {
    let (own, table) = (spelling.inFile(head.path), spelling.inFile(head.table))
    tensors[PEFTTensorNames.copies(of: own.appending(component: "weight"), isWrapped: false)[0]] = value
    configuration.savedModules.removeAll(where: own.hasSuffix)
    if !configuration.savedModules.contains(where: table.hasSuffix) { configuration.savedModules.append(table) }
  }

  /// The product of a table, for the head that is tied to it: the other way round.
  private mutating func addTied(_ part: LowRankPart, _ head: TokenHead, _ spelling: PEFTSpelling) {
    let path = spelling.inFile(head.path)
    let (names, table) = (
      PEFTTensorNames(path, isTable: false), PEFTTensorNames(spelling.inFile(head.table), isTable: true)
    )
    tensors[names.a] = tensors[table.b]?.transposed()
    tensors[names.b] = tensors[table.a]?.transposed()
    if part.rank != configuration.rank { configuration.rankPattern[path] = part.rank }
    if part.alpha != configuration.alpha { configuration.alphaPattern[path] = part.alpha }
  }

  private mutating func add(_ part: LowRankPart, at place: AdapterPlace, _ spelling: PEFTSpelling) {
    let path = spelling.inFile(place.path)
    let names = PEFTTensorNames(path, isTable: place.isTable)
    adapted.append(path)
    var (a, b) = (part.a.value.detached(), part.b.value.detached())
    if let initial = part.initial {
      a = .concatenated([a, initial.a])
      b = Tensor.concatenated([b.transposed(), -initial.b.transposed()]).transposed()
    }
    tensors[names.a] = a
    tensors[names.b] = b
    if let bias = part.bias { tensors[names.bias] = bias.value }
    if let magnitude = part.magnitude { tensors[names.magnitude] = magnitude.value }
  }

  /// Targets and patterns by the adapted paths themselves.
  private mutating func describe(_ parts: [LowRankPart], not others: [String]) {
    // Twice the rank at the same scale.
    let isDoubled = configuration.initialization == .principal
    let factor = !isDoubled ? 1 : configuration.isRankStabilized ? Float(2).squareRoot() : 2
    configuration.initialization = isDoubled ? .standard : configuration.initialization
    configuration.rank *= isDoubled ? 2 : 1
    configuration.alpha *= factor
    configuration.rankPattern = [:]
    configuration.alphaPattern = [:]
    for (path, part) in zip(adapted, parts) {
      let (rank, alpha) = (part.rank * (isDoubled ? 2 : 1), part.alpha * factor)
      // A key also reaches paths that end with it; where there are such, it is tied to its own.
      let isEnd = adapted.contains { $0.hasSuffix("." + path) }
      let key = isEnd ? "^\(path.replacingOccurrences(of: ".", with: "\\."))$" : path
      if rank != configuration.rank { configuration.rankPattern[key] = rank }
      if alpha != configuration.alpha { configuration.alphaPattern[key] = alpha }
    }
    configuration.targets = .exactly(adapted, not: others)
    (configuration.excluded, configuration.excludedPatterns) = ([], [])
    (configuration.layers, configuration.layersPattern) = (nil, [])
  }
}

extension LoRAConfiguration.Targets {
  /// Targets that match these paths and none of the others.
  ///
  /// A whole path matches itself and every path that ends with it after a dot; where another place does, only a regular
  /// expression can tell the two apart.
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
      throw LoRAError.unusableFile(url.path, "cannot be written: \(FaultText.reason(of: error, advising: true))")
    }
  }
}
