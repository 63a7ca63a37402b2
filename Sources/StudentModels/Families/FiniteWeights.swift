package import Foundation
internal import Layers
internal import Tensor

extension Module {
  /// Refuses a model that was read from a folder or a file and has a weight that is no number.
  ///
  /// - Parameter prefix: what the files' names have before the paths. The default is nothing.
  /// - Throws: `NonFiniteWeight`, which names the file.
  package func refuseNonFiniteWeights(of model: URL, under prefix: String = "") throws {
    guard var weight = NonFiniteWeight(in: self) else { return }
    weight.path = prefix + weight.path
    weight.file = try fileOfWeight(weight.path, in: model)
    throw weight
  }
}

/// The file of a model in which a parameter stands; the model's own path where no tensor is called like it.
private func fileOfWeight(_ path: String, in model: URL) throws -> String {
  if let file = try? GGUFModel(at: model) {
    return GGUFWeights.isOfTower(GGUFWeights.name(of: path)) ? file.imageFile?.path ?? file.file.path : file.file.path
  }
  guard !GGUFModel.isFile(model) else { return model.path }
  let folder = try Tensor.SafetensorsFolder(contentsOf: model)
  let names = Set(folder.names)
  // Files may leave out what a path begins with, or say it otherwise.
  var rest = Substring(path)
  while true {
    if let name = names.contains(String(rest)) ? String(rest) : folder.names.first(where: { $0.hasSuffix(".\(rest)") })
    {
      return try folder.file(of: name).path
    }
    guard let dot = rest.firstIndex(of: ".") else { return model.path }
    rest = rest[rest.index(after: dot)...]
  }
}
