import Foundation
import LanguageModel
import LoRA
import StudentModels
import Tensor
import Testing

/// An adapter's folder that has a tokenizer with a token more than the model's.
enum AdapterTokenizerFixture {
  /// Writes the folder for a model's, and gives the token's number back.
  ///
  /// - Parameter hasRow: whether the adapter brings a token table with a row for it, as after `resize_token_embeddings`.
  @discardableResult static func write(to folder: URL, for model: URL, token: String, hasRow: Bool) throws -> Int {
    let student = try StudentFamily.student(contentsOf: model)
    let number = student.decoder.vocabularySize
    try write(student, to: folder, addingRow: hasRow)
    let file = try Data(contentsOf: model.appending(path: "tokenizer.json"))
    var json = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
    let added: [String: Any] = [
      "id": number, "content": token, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
      "special": false,
    ]
    json["added_tokens"] = try #require(json["added_tokens"] as? [[String: Any]]) + [added]
    try JSONSerialization.data(withJSONObject: json).write(to: folder.appending(path: "tokenizer.json"))
    try Data(contentsOf: model.appending(path: "tokenizer_config.json"))
      .write(to: folder.appending(path: "tokenizer_config.json"))
    return number
  }

  private static func write(_ student: some PretrainedStudent, to folder: URL, addingRow: Bool) throws {
    var (student, generator) = (student, Tensor.Generator(seed: 5))
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.targets) = (2, .names(["q_proj"]))
    configuration.savedModules = ["embed_tokens"]
    try student.attachAdapters(configuration, using: &generator)
    try student.saveAdapter(to: folder, configuration: configuration, baseModel: "base")
    guard addingRow else { return }
    let url = folder.appending(path: "adapter_model.safetensors")
    let file = try Tensor.SafetensorsFile(contentsOf: url)
    var tensors = try Dictionary(
      uniqueKeysWithValues: file.names.map {
        ($0, Tensor(try file.tensor(named: $0).scalars, shape: file.shape(of: $0) ?? []))
      })
    let name = try #require(tensors.keys.first { $0.hasSuffix("embed_tokens.weight") })
    let table = try #require(tensors[name])
    let width = table.shape[1]
    tensors[name] = Tensor(
      table.scalars + (0..<width).map { Float($0 % 7) - 3 }, shape: [table.shape[0] + 1, width])
    try Tensor.writeSafetensors(tensors, to: url)
  }
}
