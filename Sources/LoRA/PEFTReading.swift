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
  /// A model whose output head is its token table gets a head of its own where the adapter has one. An adapter that was
  /// trained with another number of tokens brings its table with it, and the model has as many from then on.
  ///
  /// - Parameters:
  ///   - folder: with `adapter_config.json` and `adapter_model.safetensors`.
  ///   - name: what the adapter is called here. The default is "default".
  /// - Returns: what the folder says, with the targets spelled as this model's own paths and the layout that was found:
  ///   enough to save it again.
  /// - Throws: ``LoRAError``, or `Tensor.SafetensorsError` for a damaged file; the model is then unchanged.
  @discardableResult
  public mutating func loadAdapter(from folder: URL, named name: String = "default") throws -> LoRAConfiguration {
    try AdapterFolder.demand(folder)
    let stored = try LoRAConfiguration(adapterFolder: folder)
    let file = try Tensor.SafetensorsFile(contentsOf: folder.appendingPathComponent("adapter_model.safetensors"))
    var (result, untied) = (self, withOwnHead())
    let spelling = PEFTSpelling.reading(
      Set(file.names.compactMap(PEFTTensorNames.place)),
      model: untied.places().map(\.path) + untied.parameters().map(\.path))
    let head = tokenHead()
    if let table = tokenTablePath(), let shape = places().first(where: { $0.path == table })?.shape,
      let count = spelling.tokenCount(file, table: table, head: head?.path, width: shape[1]), count != shape[0]
    {
      try untied.resizeTokens(to: count)
      try result.resizeTokens(to: count)
    }
    let plan = try LoadingPlan(file, into: untied, spelling: spelling, configuration: stored)
    if plan.givesHead { result = untied }
    var generator = Tensor.Blank()  // for matrices that are replaced at once
    try result.attach(AdapterMatcher(plan.beginning), at: plan.chosen, named: name, using: &generator)
    result.editParts { part, path in
      guard part.name == name, let tensors = plan.tensors[path] else { return }
      part.a.value = tensors.a
      part.b.value = tensors.b
      if let bias = tensors.bias { part.bias?.value = bias }
      if let magnitude = tensors.magnitude { part.magnitude?.value = magnitude }
      if part.magnitude != nil, let squares = plan.squaredLengths(at: path) { part.squaredLengths = squares }
    }
    result.editRows { rows, path in
      if rows.name == name, let values = plan.rows[path] { rows.values.value = values }
    }
    for (path, copy) in plan.copies {
      result.copyParameter(at: path, owner: name, isTrainable: copy.isTrained, isShared: copy.isShared)
    }
    result.editParameters { parameter, path in
      if let copy = plan.copies[path] { parameter.value = copy.value }
    }
    self = result
    return plan.loaded
  }
}
