import JSON
import Foundation
import Tokenization

/// A golden file of the folder Golden, made by generate.py.
func golden(_ name: String, file: String = #filePath) throws -> JSONValue {
  let url = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Golden/\(name).json")
  return try tokenizerJSON(Array(Data(contentsOf: url)), file: url.path)
}

extension JSONValue {
  /// The integers of an array.
  var integers: [Int] { elements?.compactMap(\.spelledInteger) ?? [] }
  /// The elements of an array member; empty if there is none.
  func list(_ key: String) -> [JSONValue] { self[key]?.elements ?? [] }
  /// A tokenizer whose file this is.
  func tokenizer() throws -> Tokenizer { try Tokenizer(json: Data(text(.python()).utf8)) }
  /// The object with a member replaced.
  func setting(_ key: String, _ value: JSONValue) -> JSONValue {
    .object((members ?? []).map { $0.name == key ? Member(key, value) : $0 })
  }
}

extension Encoding {
  /// Offsets one after the other, as the golden files have them.
  var flatOffsets: [Int] { offsets.flatMap { [$0.lowerBound, $0.upperBound] } }
}
