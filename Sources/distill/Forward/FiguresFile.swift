#if Run
  import Foundation
  import Layers
  import LoRA
  import Tensor

  /// The figures of one item: a JSON file of numbers and token ids, and a safetensors file.
  struct FiguresFile {
    /// What goes into the JSON file.
    var numbers: [String: FigureValue] = [:]
    /// What goes into the safetensors file.
    var tensors: [String: Tensor] = [:]

    /// Writes NAME.json and NAME.safetensors.
    func write(to folder: URL, name: String) throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      try encoder.encode(numbers).write(to: folder.appending(path: "\(name).json"), options: .atomic)
      try Tensor.writeSafetensors(tensors, to: folder.appending(path: "\(name).safetensors"))
    }

    /// Adds the gradients of an adapter under PEFT's names for its parameters.
    mutating func add(_ gradients: Gradients, of adapter: LoRAConfiguration, prefix: String) {
      for (path, tensor) in zip(gradients.paths, gradients.tensors) {
        tensors[prefix + adapter.parameterName(of: path)] = tensor
      }
    }
  }

  /// A value of the JSON file.
  enum FigureValue: Encodable {
    case ids([Int])
    case ranges([Range<Int>])
    case whole(Int)
    case number(Double)
    case table([String: Double])

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .ids(let ids): try container.encode(ids)
      case .ranges(let ranges): try container.encode(ranges.map { [$0.lowerBound, $0.upperBound] })
      case .whole(let number): try container.encode(number)
      case .number(let number): try container.encode(number)
      case .table(let table): try container.encode(table)
      }
    }
  }

  extension FiguresFile {
    /// Throws the weight that is none where a tensor of figures has elements that are no numbers.
    func demandNumbers(_ name: String, of model: some Module) throws {
      if tensors[name]?.firstNonFinite != nil, let weight = NonFiniteWeight(in: model) { throw weight }
    }
  }
#endif
