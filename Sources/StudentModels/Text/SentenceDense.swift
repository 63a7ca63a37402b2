internal import Foundation
internal import Layers
internal import Tensor

/// A module of sentence-transformers that maps a text's vector to another: activation(W x + b).
package struct SentenceDense: Sendable {
  private let map: Linear
  private let activation: Activation

  private enum Activation: String, CaseIterable {
    case identity = "Identity"
    case tanh = "Tanh"
    case relu = "ReLU"
    case gelu = "GELU"
    case sigmoid = "Sigmoid"
  }

  private struct Settings: Decodable {
    var in_features: Int
    var out_features: Int
    var bias: Bool?
    var activation_function: String?
    var module_input_name: String?
    var module_output_name: String?
  }

  /// Reads the folder of the module.
  ///
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)``, or the error of the weights; `NonFiniteWeight` where one is no
  ///   number.
  init(contentsOf folder: URL) throws {
    let file = folder.appending(path: "config.json")
    let settings: Settings = try readJSON(file)
    func refusal(_ expected: String, _ found: String) -> StudentError {
      .unusableFile(file.path, expected: expected, found: found)
    }
    let (input, output) = (settings.in_features, settings.out_features)
    let sizes = 1...(1 << 20)
    guard sizes.contains(input), sizes.contains(output) else {
      throw refusal("in_features and out_features in \(sizes)", "\(input) and \(output)")
    }
    for name in [settings.module_input_name, settings.module_output_name] where name ?? "" != "" {
      guard name == "sentence_embedding" else { throw refusal("a map of \"sentence_embedding\"", "\"\(name ?? "")\"") }
    }
    // Where the file names none it is sentence-transformers' own, the hyperbolic tangent.
    let name = settings.activation_function ?? "torch.nn.modules.activation.Tanh"
    guard let activation = name.split(separator: ".").last.flatMap({ Activation(rawValue: String($0)) }) else {
      let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
      throw refusal("an activation_function among \(known)", "\"\(name)\"")
    }
    self.activation = activation
    var generator = Tensor.Blank()
    var map = Linear(
      inputDimensions: input, outputDimensions: output, bias: settings.bias ?? true, using: &generator)
    try map.loadWeights(from: Tensor.SafetensorsFolder(contentsOf: folder), renaming: { "linear." + $0 })
    try map.refuseNonFiniteWeights(of: folder, under: "linear.")
    self.map = map
  }

  /// Elements that come in, and that come out.
  var dimensions: (input: Int, output: Int) { (map.weightShape[1], map.weightShape[0]) }

  func callAsFunction(_ vector: [Float]) -> [Float] {
    let y = map(Tensor(vector, shape: [1, vector.count]))
    return switch activation {
    case .identity: y.scalars
    case .tanh: y.tanh().scalars
    case .relu: y.relu().scalars
    case .gelu: y.gelu().scalars
    case .sigmoid: y.sigmoid().scalars
    }
  }
}
