public import Foundation
internal import JSON

extension Tensor {
  /// The tensors of a model's folder, whether in one file or in several.
  ///
  /// ```swift
  /// let weights = try Tensor.SafetensorsFolder(contentsOf: folder)
  /// let table = try weights.tensor(named: "model.embed_tokens.weight")
  /// ```
  ///
  /// Reads `model.safetensors` where it is there, otherwise the parts that `model.safetensors.index.json` names.
  public struct SafetensorsFolder: Sendable {
    private let files: [SafetensorsFile]
    /// Which of the files holds a tensor.
    private let places: [String: Int]
    /// The path of the folder.
    package let path: String

    /// Opens the files of a folder and checks that each tensor of the index is where the index says.
    ///
    /// - Throws: `SafetensorsError`.
    public init(contentsOf folder: URL) throws {
      path = folder.path
      let whole = folder.appendingPathComponent("model.safetensors")
      let index = folder.appendingPathComponent("model.safetensors.index.json")
      if FileManager.default.fileExists(atPath: whole.path) || !FileManager.default.fileExists(atPath: index.path) {
        let file = try SafetensorsFile(contentsOf: whole)
        files = [file]
        places = Dictionary(uniqueKeysWithValues: file.names.map { ($0, 0) })
        return
      }
      let shards = try Self.weightMap(of: index)
      let fileNames = Set(shards.values).sorted()
      let numbers = Dictionary(uniqueKeysWithValues: fileNames.enumerated().map { ($1, $0) })
      let files = try fileNames.map { try SafetensorsFile(contentsOf: folder.appendingPathComponent($0)) }
      for (name, shard) in shards.sorted(by: { $0.key < $1.key }) {
        guard let number = numbers[shard], files[number].shape(of: name) != nil else {
          throw SafetensorsError.wrongShard(
            file: index.path, tensor: name, expected: "it in \(shard)", found: "no tensor of that name there")
        }
      }
      self.files = files
      places = shards.compactMapValues { numbers[$0] }
    }

    /// The names of the tensors, in the order of their UTF-8 bytes.
    public var names: [String] { places.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

    /// The extents of a tensor; nil where there is none of this name.
    package func shape(of name: String) -> [Int]? { places[name].flatMap { files[$0].shape(of: name) } }

    /// The element type in which a tensor is stored; nil where there is none of this name.
    package func dtype(of name: String) -> SafetensorsFile.ElementType? {
      places[name].flatMap { files[$0].dtype(of: name) }
    }

    /// A floating-point tensor, as `SafetensorsFile.tensor(named:)` reads it.
    ///
    /// - Throws: `SafetensorsError`.
    public func tensor(named name: String) throws -> Tensor { try file(of: name).tensor(named: name) }

    /// A tensor of integers, as `SafetensorsFile.integers(named:)` reads it.
    ///
    /// - Throws: `SafetensorsError`.
    package func integers(named name: String) throws -> [Int] { try file(of: name).integers(named: name) }

    /// The file that holds a tensor.
    ///
    /// - Throws: `SafetensorsError.missingTensor`.
    package func file(of name: String) throws -> SafetensorsFile {
      guard let place = places[name] else {
        throw SafetensorsError.missingTensor(file: path, tensor: name, available: names)
      }
      return files[place]
    }

    private static func weightMap(of index: URL) throws -> [String: String] {
      let mapping = try FileMapping(path: index.path)
      defer { withExtendedLifetime(mapping) {} }
      guard mapping.bytes.count <= SafetensorsHeader.sizeLimit else {
        throw SafetensorsError.oversizedHeader(
          file: index.path, limit: SafetensorsHeader.sizeLimit, found: UInt64(mapping.bytes.count))
      }
      var shards: [String: String]?
      try readSafetensorsJSON(mapping.bytes[...], file: index.path) { json in
        var object = try json.beginObject("the index")
        while let key = try json.nextName(in: &object) {
          guard key == "weight_map" else {
            try json.skipValue()
            continue
          }
          var map: [String: String] = [:]
          var files = try json.beginObject("weight_map")
          while let name = try json.nextName(in: &files) {
            let shard = try json.string("the file of \"\(name)\"")
            // A path could lead out of the folder.
            guard shard.hasSuffix(".safetensors"), !shard.utf8.contains(UInt8(ascii: "/")), !shard.hasPrefix(".") else {
              throw SafetensorsError.wrongShard(
                file: index.path, tensor: name, expected: "the plain name of a .safetensors file",
                found: "\"\(shard)\"")
            }
            map[name] = shard
          }
          shards = map
        }
      }
      guard let shards else {
        throw SafetensorsError.malformed(
          file: index.path, byte: 0, expected: "the key \"weight_map\"", found: "an index without it")
      }
      return shards
    }
  }
}
