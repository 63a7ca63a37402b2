public import Foundation
public import Layers
internal import Tensor

extension Module {
  /// Attaches the adapter of a PEFT folder and freezes everything else.
  ///
  /// ```swift
  /// let configuration = try model.loadAdapter(from: folder)
  /// ```
  ///
  /// Nothing is skipped in silence: every place that the folder's configuration targets must have its tensors there, in the
  /// right shapes, and every tensor must be taken. Paths are tried as they stand and then in the spellings that
  /// transformers' renamings of vision-language models left in circulation; an adapter in another spelling of this model's
  /// paths loads as well.
  ///
  /// - Parameters:
  ///   - folder: with `adapter_config.json` and `adapter_model.safetensors`.
  ///   - name: what the adapter is called here. The default is "default".
  /// - Returns: what the folder says, with the targets spelled as this model's own paths and the layout that was found:
  ///   enough to save it again.
  /// - Throws: ``LoRAError``, or `Tensor.SafetensorsError` for a damaged file; the model is then unchanged.
  @discardableResult
  public mutating func loadAdapter(from folder: URL, named name: String = "default") throws -> LoRAConfiguration {
    let stored = try LoRAConfiguration(adapterFolder: folder)
    let url = folder.appendingPathComponent("adapter_model.safetensors")
    let plan = try LoadingPlan(
      Tensor.SafetensorsFile(contentsOf: url), places: places(), parameters: parameters(), configuration: stored)
    var result = self
    var generator = Tensor.Blank()  // for matrices that are replaced at once
    try result.attach(AdapterMatcher(plan.beginning), at: plan.chosen, named: name, using: &generator)
    result.editParts { part, path in
      guard part.name == name, let tensors = plan.tensors[path] else { return }
      part.a.value = tensors.a
      part.b.value = tensors.b
      if let bias = tensors.bias { part.bias?.value = bias }
      if let magnitude = tensors.magnitude { part.magnitude?.value = magnitude }
    }
    let trained = Set(plan.copies.keys.filter { plan.trained.contains($0) })
    result.copyParameters(trained, owner: name, isTrainable: true)
    result.copyParameters(Set(plan.copies.keys).subtracting(trained), owner: name, isTrainable: false)
    result.editParameters { parameter, path in
      if let copy = plan.copies[path] { parameter.value = copy }
    }
    self = result
    return plan.loaded
  }
}

/// What of an adapter's file goes where in a model; made only if everything fits.
private struct LoadingPlan {
  struct Tensors {
    var a: Tensor, b: Tensor
    var bias: Tensor?, magnitude: Tensor?
  }

  /// The places that the adapter is put on.
  private(set) var chosen: [AdapterPlace] = []
  /// Their tensors by path.
  private(set) var tensors: [String: Tensors] = [:]
  /// The adapter's copies of the model's own parameters, by path.
  private(set) var copies: [String: Tensor] = [:]
  /// Which of the copies are trained.
  private(set) var trained: Set<String> = []
  /// How the parts begin, before their tensors are put in.
  private(set) var beginning: LoRAConfiguration
  /// What the folder says, for saving it again.
  private(set) var loaded: LoRAConfiguration

  private let file: Tensor.SafetensorsFile
  private let spelling: PEFTSpelling
  private let matcher: AdapterMatcher
  private var (missing, misshapen, used) = ([String](), [String](), Set<String>())

  init(
    _ file: Tensor.SafetensorsFile, places: [AdapterPlace], parameters: [(path: String, parameter: Parameter)],
    configuration: LoRAConfiguration
  ) throws {
    self.file = file
    spelling = .reading(
      Set(file.names.compactMap(PEFTTensorNames.place)), model: places.map(\.path) + parameters.map(\.path))
    matcher = try AdapterMatcher(configuration)
    (beginning, loaded) = (configuration, configuration)
    var others: [String] = []
    for place in places {
      guard try matcher.adapts(spelling.inFile(place.path), isTable: place.isTable) else {
        others.append(place.path)
        continue
      }
      chosen.append(place)
      try take(place)
    }
    guard !chosen.isEmpty else {
      throw LoRAError.nothingMatches(targets: "\(configuration.targets)", available: places.map(\.path))
    }
    try takeCopies(parameters)
    let unknown = file.names.filter { !used.contains($0) }
    guard missing.isEmpty, unknown.isEmpty, misshapen.isEmpty else {
      throw LoRAError.mismatch(file: file.path, missing: missing, unknown: unknown, misshapen: misshapen)
    }
    describe(not: others)
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

  /// Tensors that are the model's own parameters: modules and offsets that were trained, and tables that PEFT saves beside
  /// an adapter on them.
  private mutating func takeCopies(_ parameters: [(path: String, parameter: Parameter)]) throws {
    let wrapped = Set(chosen.map(\.path))
    for (path, parameter) in parameters where !path.contains(".lora_") {
      let spelled = spelling.inFile(path)
      let isWrapped = wrapped.contains { path == $0 + ".bias" || path == $0 + ".weight" }
      let names = PEFTTensorNames.copies(of: spelled, isWrapped: isWrapped)
      let isBias = AdapterMatcher.ends(path, with: "bias")
      let isTrained =
        matcher.savedModule(of: spelled) != nil
        || isBias
          && (matcher.configuration.trainedBiases == .all
            || isWrapped
              && matcher.configuration.trainedBiases == .adapted)
      guard let name = names.first(where: { file.shape(of: $0) != nil }) ?? (isTrained ? names[0] : nil) else {
        continue
      }
      guard let copy = try tensor(name, parameter.value.shape) else { continue }
      if isTrained { trained.insert(path) } else if copy.isIdentical(to: parameter.value) { continue }
      copies[path] = copy
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
    return try file.tensor(named: name)
  }

  /// The configuration in the model's own spelling.
  private mutating func describe(not others: [String]) {
    loaded.targets = .exactly(chosen.map(\.path), not: others)
    (loaded.excluded, loaded.excludedPattern) = ([], nil)
    (loaded.layers, loaded.layersPattern) = (nil, [])
    loaded.layout = spelling.layout
    // Patterns name paths as the file spells them; the parts begin with the values that they stand for.
    var (ranks, alphas) = ([String: Int](), [String: Float]())
    for place in chosen {
      let path = spelling.inFile(place.path)
      // Matching succeeded in `take`.
      if let rank = try? matcher.rank(at: path), rank != loaded.rank { ranks[Self.key(place.path)] = rank }
      if let alpha = try? matcher.alpha(at: path), alpha != loaded.alpha { alphas[Self.key(place.path)] = alpha }
    }
    (loaded.rankPattern, loaded.alphaPattern) = (ranks, alphas)
    (beginning.rankPattern, beginning.alphaPattern) = (ranks, alphas)
  }

  /// A pattern that matches this path alone.
  private static func key(_ path: String) -> String {
    "^\(path.replacingOccurrences(of: ".", with: "\\."))$"
  }
}
