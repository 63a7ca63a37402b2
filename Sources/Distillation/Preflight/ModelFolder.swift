internal import Foundation
internal import JSON
internal import LoRA
internal import StudentModels
internal import Tensor
internal import Tokenization
internal import Wording

/// A model's folder, or its GGUF file, looked at without reading the weights.
struct ModelFolder {
  let url: URL
  let configuration: any FamilyConfiguration
  /// What the family is called.
  let family: StudentFamily
  /// Bytes of all weight files.
  let weightBytes: Int
  /// Numbers in the weight files; nil for a GGUF file.
  private var elements: Int?

  /// Reads configuration, tokenizer and the heads of the weight files.
  init(_ url: URL) throws {
    self.url = url
    try Self.demand(url)
    family = try StudentFamily(contentsOf: url)
    configuration = try StudentFamily.configuration(contentsOf: url)
    _ = try Tokenizer.ofModel(url)
    if !GGUFModel.isFile(url) {
      let weights = try Tensor.SafetensorsFolder(contentsOf: url)
      elements = weights.names.reduce(0) { $0 + (weights.shape(of: $1)?.reduce(1, *) ?? 0) }
    }
    weightBytes = try Self.weightBytes(of: url)
  }

  /// Bytes of all weight files of a model, which are those that its weights take in memory: matrices stay as they are stored.
  static func weightBytes(of url: URL) throws -> Int {
    let files = try GGUFModel.paths(of: url).map { URL(filePath: $0) }
    guard files.isEmpty else { return files.reduce(0) { $0 + size(of: $1) } }
    let names = try FileManager.default.contentsOfDirectory(atPath: url.path).filter { $0.hasSuffix(".safetensors") }
    return names.reduce(0) { $0 + size(of: url.appending(path: $1)) }
  }

  /// The memory that is free, where it is less than a model's weights take; nil where the model can be tried out.
  static func shortage(ofBytes weights: Int) -> Int? {
    MachineSpeed.availableMemory().flatMap { $0 < weights ? $0 : nil }
  }

  private static func size(of file: URL) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: file.resolvingSymlinksInPath().path)[.size] as? Int) ?? 0
  }

  /// A sentence model that would do where one is missing.
  static let sentenceExample = "sentence-transformers/all-MiniLM-L6-v2"

  /// Throws where there is no model's folder, and no GGUF file.
  static func demand(
    _ url: URL, example: String = "HuggingFaceTB/SmolVLM-256M-Instruct"
  ) throws(CheckingError) {
    // The encoder of an older sentence model lies in a folder of its own.
    let signs = GGUFModel.isFile(url) ? [url] : ["config.json", "modules.json"].map { url.appending(path: $0) }
    guard signs.contains(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
      throw .noModel(url.path, example: example)
    }
  }

  /// Sizes in words.
  var summary: String {
    let parameters = elements ?? ModelSize(configuration).parameters
    return
      "\(family.rawValue), \(ByteText.count(parameters)) parameters, \(ByteText.bytes(weightBytes)) on disk"
  }

  /// Looks for the two files of a PEFT adapter.
  static func checkAdapter(_ folder: URL) throws {
    let configuration = folder.appending(path: "adapter_config.json")
    try AdapterFolder.demand(folder)
    guard let data = try? readRegularFile(configuration) else { throw RunError.missing(configuration.path) }
    guard (try? JSONSerialization.jsonObject(with: data)) is [String: Any] else {
      throw StudentError.unusableFile(configuration.path, expected: "a JSON object", found: "something else")
    }
    _ = try Tensor.SafetensorsFile(contentsOf: folder.appending(path: "adapter_model.safetensors"))
  }
}

/// Sizes in words.
enum ByteText {
  /// Bytes: "412 MB", "3.1 GB".
  static func bytes(_ count: Int) -> String { scaled(Double(count), ["B", "kB", "MB", "GB", "TB"], space: " ") }

  /// A number of things: "256 M", "1.4 M".
  static func count(_ count: Int) -> String { scaled(Double(count), ["", "k", "M", "G", "T"], space: "") }

  private static func scaled(_ value: Double, _ units: [String], space: String) -> String {
    var (value, unit) = (value, 0)
    while value >= 999.5, unit + 1 < units.count {
      value /= 1000
      unit += 1
    }
    let digits = unit == 0 || value >= 99.95 ? 0 : 1
    return NumberText.fixed(value, digits: digits) + space + units[unit]
  }
}
