internal import Layers
internal import Tensor

/// What of an adapter's file goes where in a model; made only if everything fits.
struct LoadingPlan {
  struct Tensors {
    var a: Tensor, b: Tensor
    var bias: Tensor?, magnitude: Tensor?
  }

  /// An adapter's copy of one of the model's own parameters.
  struct Copy {
    var value: Tensor
    var isTrained: Bool
    /// Whether a head that is this table changes with it.
    var isShared: Bool
  }

  /// What the adapter takes of the model.
  let chosen: ChosenPlaces
  /// The tensors of its products by path.
  private(set) var tensors: [String: Tensors] = [:]
  /// The rows that stand in place of those of a table or head, by path.
  private(set) var rows: [String: Tensor] = [:]
  /// The adapter's copies of the model's own parameters, by path.
  private(set) var copies: [String: Copy] = [:]
  /// How the parts begin, before their tensors are put in.
  private(set) var beginning: LoRAConfiguration
  /// What the folder says, for saving it again.
  private(set) var loaded: LoRAConfiguration

  private let file: Tensor.SafetensorsFile
  private let spelling: PEFTSpelling
  private let matcher: AdapterMatcher
  private let head: TokenHead?
  private var (missing, misshapen, used) = ([String](), [String](), Set<String>())

  /// - Parameter model: with a head of its own.
  init(
    _ file: Tensor.SafetensorsFile, into model: some Module, spelling: PEFTSpelling,
    configuration stored: LoRAConfiguration
  ) throws {
    (self.file, self.spelling, head) = (file, spelling, model.tokenHead())
    var configuration = stored
    configuration.ensuresTying = stored.ensuresTying && head?.isTied == true
    // DoRA has lengths of its own for table and head, so that the two are apart even where PEFT tied their products.
    let headName = head.map { PEFTTensorNames(spelling.inFile($0.path), isTable: false).magnitude }
    let hasOwnLengths = configuration.ensuresTying && headName.map { file.shape(of: $0) != nil } == true
    if hasOwnLengths { configuration.ensuresTying = false }
    matcher = try AdapterMatcher(configuration)
    (beginning, loaded) = (configuration, configuration)
    try Self.refuseKernels(file, spelling, model.parameters())
    chosen = try model.chosenPlaces(matcher, spelling: spelling, and: hasOwnLengths ? head?.path : nil)
    for place in chosen.adapted { try take(place) }
    if let head, chosen.shared.contains(head.table) { try takeTiedProduct(head) }
    try takeRows(model.places())
    try takeCopies(model.parameters())
    let unknown = file.names.filter { !used.contains($0) && !isHelper($0) }
    guard missing.isEmpty, unknown.isEmpty, misshapen.isEmpty else {
      throw LoRAError.mismatch(file: file.path, missing: missing, unknown: unknown, misshapen: misshapen)
    }
    try describe(places: model.places())
  }

  private mutating func take(_ place: AdapterPlace) throws {
    let path = spelling.inFile(place.path)
    let names = PEFTTensorNames(path, isTable: place.isTable)
    let shapes = place.shapes(rank: try matcher.rank(at: path))
    let a = try tensor(names.a, shapes.a)
    let b = try tensor(names.b, shapes.b)
    let bias = matcher.configuration.hasBias ? try tensor(names.bias, [place.outputs]) : nil
    let magnitude = matcher.configuration.usesDoRA ? try tensor(names.magnitude, [place.outputs]) : nil
    guard let a, let b else { return }
    tensors[place.path] = Tensors(a: a, b: b, bias: bias, magnitude: magnitude)
  }

  /// The tensors that PEFT writes for a head whose product is that of the table, the other way round.
  private mutating func takeTiedProduct(_ head: TokenHead) throws {
    guard let own = tensors[head.table] else { return }
    let names = PEFTTensorNames(spelling.inFile(head.path), isTable: false)
    // PEFT looks each of the two up in the patterns.
    let (expected, found) = (try scale(at: head.table), try scale(at: head.path))
    if expected != found {
      misshapen.append(
        "\(names.a): expected the scale \(expected) of \(head.table), to which it is tied, found \(found) by rank_pattern and "
          + "alpha_pattern; give both the same")
    }
    for (name, expected) in [(names.a, own.b.transposed()), (names.b, own.a.transposed())] {
      try takeEqual(name, to: expected, "the transpose of what stands at \(head.table)")
    }
  }

  /// What the product at a path of the model is multiplied by.
  private func scale(at path: String) throws -> Float {
    let path = spelling.inFile(path)
    return matcher.configuration.scale(rank: try matcher.rank(at: path), alpha: try matcher.alpha(at: path))
  }

  /// A tensor that must be as another, where it is there.
  private mutating func takeEqual(_ name: String, to expected: Tensor, _ what: String) throws {
    guard file.shape(of: name) != nil, let found = try tensor(name, expected.shape) else { return }
    if !found.isIdentical(to: expected) {
      misshapen.append("\(name): expected \(what), to which it is tied, found others")
    }
  }

  /// Rows of single tokens.
  private mutating func takeRows(_ places: [AdapterPlace]) throws {
    for place in places {
      guard let tokens = chosen.rows[place.path] else { continue }
      let name = PEFTSpelling.prefix + spelling.inFile(place.path).appending(component: TrainedRows.tensorName)
      rows[place.path] = try tensor(name, [tokens.count, place.shape[1]])
    }
    // Beside a tied table PEFT writes them a second time where it writes whole tables.
    guard let head, head.isTied, chosen.rows[head.path] == nil, let values = rows[head.table] else { return }
    let name = PEFTSpelling.prefix + spelling.inFile(head.path).appending(component: TrainedRows.tensorName)
    try takeEqual(name, to: values, "the rows of \(head.table)")
  }

  /// Tensors that are the model's own parameters: modules and offsets that were trained, and tables that PEFT saves beside
  /// an adapter on them.
  private mutating func takeCopies(_ parameters: [(path: String, parameter: Parameter)]) throws {
    var tiedHead: (name: String, value: Tensor)?
    for (path, parameter) in parameters where !ModelPaths.isOfAdapter(path) {
      let (spelled, module) = (spelling.inFile(path), ModelPaths.module(of: path))
      let isTrained = chosen.copies.contains(path)
      // A head that is the table is wrapped with it.
      let isTiedHead = head.map { $0.isTied && $0.path == module } == true && !isTrained
      let names = PEFTTensorNames.copies(
        of: spelled, isWrapped: isTiedHead || chosen.adapted.contains { $0.path == module },
        hasRows: isTiedHead || rows[module] != nil)
      guard let name = names.first(where: { file.shape(of: $0) != nil }) ?? (isTrained ? names[0] : nil) else {
        continue
      }
      guard let copy = try tensor(name, parameter.value.shape) else { continue }
      // What PEFT writes besides where the number of tokens changed: the same again, and the base's own.
      for other in PEFTTensorNames.duplicates(of: spelled) where file.shape(of: other) != nil {
        _ = try tensor(other, parameter.value.shape)
      }
      if isTiedHead {
        tiedHead = (name, copy)
      } else if isTrained || !copy.isIdentical(to: parameter.value) {
        copies[path] = Copy(value: copy, isTrained: isTrained, isShared: !isTrained || chosen.shared.contains(module))
      }
    }
    if let tiedHead, let head { try settle(tiedHead, head, parameters) }
  }

  /// A head's matrix that was not trained apart is the table's, which it is tied to.
  private mutating func settle(
    _ found: (name: String, value: Tensor), _ head: TokenHead, _ parameters: [(path: String, parameter: Parameter)]
  ) throws {
    let path = head.table.appending(component: "weight")
    let headPath = head.path.appending(component: "weight")
    guard let own = parameters.first(where: { $0.path == path })?.parameter.value else { return }
    if let table = copies[path], table.isTrained, !table.isShared {
      // The table was parted from the head, which stays the base's.
      if !found.value.isIdentical(to: own) {
        copies[headPath] = Copy(value: found.value, isTrained: false, isShared: false)
      }
      return
    }
    let names = PEFTTensorNames.copies(
      of: spelling.inFile(path), isWrapped: tensors[head.table] != nil, hasRows: rows[head.table] != nil)
    let isStored = names.contains { file.shape(of: $0) != nil }
    guard !isStored || found.value.isIdentical(to: copies[path]?.value ?? own) else {
      misshapen.append(
        "\(found.name): expected the table \(head.table), to which this model's head is tied and from which nothing in "
          + "adapter_config.json (modules_to_save) parts it, found others")
      return
    }
    if !isStored, !found.value.isIdentical(to: own) {
      copies[path] = Copy(value: found.value, isTrained: false, isShared: true)
    }
    if let table = copies[path], table.isShared, chosen.take(head) {
      copies[headPath] = Copy(value: table.value, isTrained: false, isShared: false)
    }
  }

  /// The tensor of this name; nil where it is missing or of another shape, which is noted.
  private mutating func tensor(_ name: String, _ expected: [Int]) throws -> Tensor? {
    used.insert(name)
    guard let found = file.shape(of: name) else {
      missing.append(name)
      return nil
    }
    guard found == expected else {
      misshapen.append("\(name): expected \(expected), found \(found)")
      return nil
    }
    let tensor = try file.tensor(named: name)
    if let fault = tensor.firstNonFinite {
      throw LoRAError.notFinite(file: file.path, tensor: name, element: fault.element, value: fault.value)
    }
    return tensor
  }

  /// DoRA's squared lengths of a matrix that the file brings in place of the base's; nil where it brings none.
  func squaredLengths(at path: String) -> Tensor? {
    guard let copy = copies[path.appending(component: "weight")]?.value else { return nil }
    let isTable = chosen.adapted.contains { $0.path == path && $0.isTable }
    return LowRankPart.squaredLengths(ofRows: isTable ? copy.transposed() : copy)
  }

  /// Whether the model's output head gets something of its own.
  var givesHead: Bool {
    head.map { chosen.take($0) || copies[$0.path.appending(component: "weight")] != nil } == true
  }

  /// Whether a tensor belongs to how an adapted place was trained and has no part in what it computes.
  private func isHelper(_ name: String) -> Bool {
    guard let place = PEFTTensorNames.place(of: name), PEFTTensorNames.isHelper(name) else { return false }
    return chosen.adapted.contains { spelling.inFile($0.path) == place }
  }

  /// Names products on convolutions, which nothing here takes.
  private static func refuseKernels(
    _ file: Tensor.SafetensorsFile, _ spelling: PEFTSpelling, _ parameters: [(path: String, parameter: Parameter)]
  ) throws {
    for (path, parameter) in parameters where parameter.value.rank > 2 {
      let module = ModelPaths.module(of: path)
      guard file.shape(of: PEFTTensorNames(spelling.inFile(module), isTable: false).a) != nil else { continue }
      throw LoRAError.notAdaptable(
        path: module,
        reason:
          "it is a convolution \(parameter.value.shape), and the products of \(file.path) stand on linear maps and "
          + "token tables alone here; train the adapter with exclude_modules for it")
    }
  }

  /// The configuration in the model's own spelling.
  private mutating func describe(places: [AdapterPlace]) throws {
    let adapted = chosen.adapted.map(\.path)
    let others = places.map(\.path).filter { !adapted.contains($0) }
    loaded.targets = .exactly(adapted, not: others)
    (loaded.excluded, loaded.excludedPatterns) = ([], [])
    (loaded.layers, loaded.layersPattern) = (nil, [])
    loaded.trainedTokens = chosen.rows
    loaded.ensuresTying = !chosen.shared.isEmpty
    loaded.layout = spelling.layout
    // Patterns name paths as the file spells them; the parts begin with the values that they stand for.
    var (ranks, alphas) = ([String: Int](), [String: Float]())
    for place in chosen.adapted {
      let path = spelling.inFile(place.path)
      let (rank, alpha) = (try matcher.rank(at: path), try matcher.alpha(at: path))
      if rank != loaded.rank { ranks[Self.key(place.path)] = rank }
      if alpha != loaded.alpha { alphas[Self.key(place.path)] = alpha }
    }
    (loaded.rankPattern, loaded.alphaPattern) = (ranks, alphas)
    (beginning.rankPattern, beginning.alphaPattern) = (ranks, alphas)
    // Each key matches one path from here on.
    (loaded.patternOrder, beginning.patternOrder) = (nil, nil)
  }

  /// A pattern that matches this path alone.
  private static func key(_ path: String) -> String {
    "^\(path.replacing(".", with: "\\."))$"
  }
}
