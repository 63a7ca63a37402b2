public import Foundation
public import Tensor
internal import Wording

/// A folder of weights that does not fit a model: everything that is wrong with it at once.
public enum WeightsError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A tensor whose extents are not those of its parameter.
  public struct Misshapen: Sendable, Equatable {
    /// The tensor's name in the folder.
    package var name: String
    /// The extents of the model's parameter.
    package var expected: [Int]
    /// The extents in the folder.
    package var found: [Int]

    /// A tensor of another shape.
    package init(name: String, expected: [Int], found: [Int]) {
      (self.name, self.expected, self.found) = (name, expected, found)
    }
  }

  /// Names that the model asks for and the folder lacks, names that nothing in the model takes, tensors of another shape;
  /// the first two in the order of the model and of the folder.
  case mismatch(folder: String, missing: [String], unknown: [String], misshapen: [Misshapen])
  /// The folder could not be made: its path and why.
  case unwritable(folder: String, reason: String)

  /// The weights that do not fit, and the remedy.
  public var description: String {
    switch self {
    case .mismatch(let folder, let missing, let unknown, let misshapen):
      "\(folder): the weights do not fit the model: "
        + [
          Self.list("missing", missing), Self.list("unknown", unknown),
          Self.list("misshapen", misshapen.map { "\($0.name): expected \($0.expected), found \($0.found)" }),
        ].compactMap(\.self).joined(separator: "; ")
        + ". Check that config.json and weights belong to the same model."
    case .unwritable(let folder, let reason):
      "\(folder): cannot be made: \(reason)\(reason.hasSuffix(".") ? "" : ".") Check the path, free space and permissions."
    }
  }

  private static func list(_ what: String, _ names: [String]) -> String? {
    guard !names.isEmpty else { return nil }
    let head = names.prefix(4).joined(separator: ", ")
    return "\(names.count) \(what) (\(head)\(names.count > 4 ? ", …" : ""))"
  }
}

/// Tensors by name, from whatever file they come.
package protocol TensorSource {
  /// What errors call it.
  var path: String { get }
  /// The names of all tensors, in the order of their UTF-8 bytes.
  var names: [String] { get }
  /// The extents of a tensor; nil where there is none of this name.
  func shape(of name: String) -> [Int]?
  /// A floating-point tensor.
  func tensor(named name: String) throws -> Tensor
}

extension Tensor.SafetensorsFolder: TensorSource {}

extension Module {
  /// Takes up every parameter from a folder of weights, or none.
  ///
  /// ```swift
  /// try model.loadWeights(
  ///   from: Tensor.SafetensorsFolder(contentsOf: folder), ignoring: { $0 == "lm_head.weight" })
  /// ```
  ///
  /// Nothing is skipped in silence: each parameter must be there in its shape, and each tensor must be taken. Float32
  /// tensors stay on the file's pages until they are trained; which parameters are trainable does not change.
  ///
  /// - Parameters:
  ///   - folder: of the tensors.
  ///   - renaming: from a parameter's path to the tensor's name; nil leaves that parameter as it is. By default they are
  ///     the same. Two parameters may take one tensor.
  ///   - isIgnored: whether a tensor of the folder may go unused, such as a tied head or a table of angles. By default
  ///     none may.
  /// - Throws: ``WeightsError/mismatch(folder:missing:unknown:misshapen:)`` with all names at once, or
  ///   `Tensor.SafetensorsError` where a tensor can't be read; the model is then unchanged.
  public mutating func loadWeights(
    from folder: Tensor.SafetensorsFolder, renaming: (String) -> String? = { $0 },
    ignoring isIgnored: (String) -> Bool = { _ in false }
  ) throws {
    try loadWeights(from: folder as any TensorSource, renaming: renaming, ignoring: isIgnored)
  }

  /// The same from tensors of any file.
  ///
  /// - Throws: ``WeightsError/mismatch(folder:missing:unknown:misshapen:)``, or the error of a tensor that can't be read;
  ///   the model is then unchanged.
  package mutating func loadWeights(
    from folder: any TensorSource, renaming: (String) -> String?, ignoring isIgnored: (String) -> Bool
  ) throws {
    var missing: [String] = []
    var misshapen: [WeightsError.Misshapen] = []
    var names: [String: String] = [:]
    for (path, parameter) in parameters() {
      guard let name = renaming(path) else { continue }
      names[path] = name
      guard let shape = folder.shape(of: name) else {
        missing.append(name)
        continue
      }
      let expected = parameter.value.shape
      if shape != expected { misshapen.append(.init(name: name, expected: expected, found: shape)) }
    }
    let used = Set(names.values)
    let unknown = folder.names.filter { !used.contains($0) && !isIgnored($0) }
    guard missing.isEmpty, unknown.isEmpty, misshapen.isEmpty else {
      throw WeightsError.mismatch(folder: folder.path, missing: missing, unknown: unknown, misshapen: misshapen)
    }
    var tensors: [String: Tensor] = [:]
    for (path, name) in names { tensors[path] = try folder.tensor(named: name) }
    var setter = WeightSetter(tensors: tensors)
    visit(&setter, at: "")
  }

  /// Writes all parameters as Float32 to `model.safetensors` in a folder, which is made if it is not there.
  ///
  /// The file appears whole or not at all, and the same weights give the same bytes.
  ///
  /// - Parameters:
  ///   - folder: where to.
  ///   - metadata: free texts for the file's header. The default is `format: pt`, without which Transformers refuses it.
  /// - Precondition: no two parameters have the same path.
  /// - Throws: `Tensor.SafetensorsError`, or ``WeightsError/unwritable(folder:reason:)``.
  public func saveWeights(to folder: URL, metadata: [String: String] = ["format": "pt"]) throws {
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw WeightsError.unwritable(folder: folder.path, reason: FaultText.reason(of: error))
    }
    let tensors = Dictionary(uniqueKeysWithValues: parameters().map { ($0.path, $0.parameter.value) })
    try Tensor.writeSafetensors(tensors, metadata: metadata, to: folder.appendingPathComponent("model.safetensors"))
  }
}

private struct WeightSetter: ModuleVisitor {
  let tensors: [String: Tensor]
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    if let tensor = tensors[path] { parameter.value = tensor }
  }
}
