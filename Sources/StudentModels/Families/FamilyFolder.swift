internal import JSON
package import Foundation
internal import ImageDecoding
internal import LanguageModel
internal import Layers
internal import Tensor
internal import Tokenization
internal import VisionEncoder

extension FamilyStudent {
  /// Reads a model folder of this family: config.json, weights, tokenizer, chat template, image processor; or a GGUF file,
  /// which has them in one, or in two where images are read.
  ///
  /// Tensors may have any of the names in circulation: the parameters' own paths, which are those of transformers 5, or
  /// those of older files.
  ///
  /// - Throws: ``StudentError`` or the error of the file that can't be used; a tensor that is missing, unknown or of
  ///   another shape stops the load with the whole list.
  package init(contentsOf folder: URL) throws {
    // The family first: another one's sizes may not even decode.
    let type = try modelType(of: folder)
    guard Model.Configuration.modelTypes.contains(type) else {
      throw StudentError.unknownFamily(folder.path, found: type, known: Model.Configuration.modelTypes)
    }
    let configuration = try Model.Configuration(contentsOf: folder)
    var generator = Tensor.Blank()
    var model = Model(configuration, using: &generator)
    if let file = try GGUFModel(at: folder) {
      try model.loadWeights(from: file)
      let made = try file.files()
      try self.init(
        model: model, tokenizer: file.tokenizer(made), template: file.template(made),
        processor: configuration.imageProcessor(of: file, files: made), name: folder.path)
      files = made
      return
    }
    try model.loadWeights(from: folder)
    let tokenizer = try Tokenizer(contentsOf: folder)
    if let token = configuration.placeholderToken {
      try TokenizerAgreement.requireImageToken(token, of: tokenizer, in: folder)
    }
    try self.init(
      model: model, tokenizer: tokenizer, template: ChatTemplate(contentsOf: folder),
      processor: configuration.imageProcessor(contentsOf: folder), name: folder.path)
    files = try companionFiles(in: folder)
  }

  /// Takes up the tokenizer of a folder, and its chat template where it has one; see ``TokenizedModel/takeTokenizer(of:)``.
  ///
  /// - Throws: as ``init(model:tokenizer:template:processor:name:)``, and the error of the file that can't be used.
  package mutating func takeTokenizer(of folder: URL) throws {
    let own = try ChatTemplate(contentsOf: folder)
    var student = try FamilyStudent(
      model: model, tokenizer: Tokenizer(contentsOf: folder), template: own ?? format.template, processor: processor,
      thinking: thinking, name: folder.path)
    (student.maximumTokens, student.promptBeginning) = (maximumTokens, promptBeginning)
    student.files = try files.takingTokenizer(of: folder, keeping: own == nil ? format.template : nil)
    self = student
  }

  /// Writes a model folder that this package and transformers load. Adapters are not part of it: merge or save them apart.
  ///
  /// All files but the weights are those that were read; of config.json the weights' type is changed where it is another,
  /// and what a merged adapter changed: a head that is no longer the token table, the number of tokens.
  package func save(to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var files = files
    let plain = try files["config.json"].map(configurationInFloat32) ?? prettyJSON(model.configuration)
    files["config.json"] = try model.configurationFile(plain)
    for (name, data) in files.sorted(by: { $0.key < $1.key }) {
      try data.write(to: folder.appending(path: name), options: .atomic)
    }
    try model.saveWeights(to: folder)
  }
}

extension FamilyConfiguration {
  /// Reads the config.json of a model folder, or what a GGUF file says in its place.
  ///
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)``, or `GGUFError`.
  package init(contentsOf folder: URL) throws {
    guard let file = try GGUFModel(at: folder) else {
      self = try readJSON(folder.appending(path: "config.json"))
      return
    }
    self = try file.configuration(as: Self.self)
  }
}

extension FamilyModel {
  /// Takes up the weights of a folder under the names that its files use.
  mutating func loadWeights(from url: URL) throws {
    let folder = try Tensor.SafetensorsFolder(contentsOf: url)
    let names = Set(folder.names)
    let paths = parameters().map(\.path)
    // The layout that knows most of the folder's names; the parameters' own paths where none is better.
    var best = (layout: WeightLayout([:]), known: paths.count { names.contains($0) })
    for layout in Configuration.weightLayouts {
      let known = paths.count { names.contains(layout.name(of: $0)) }
      if known > best.known { best = (layout, known) }
    }
    let layout = best.layout
    let tied = try settleHead(folder, layout)
    try loadWeights(
      from: folder, renaming: { $0 == tied?.table ? tied?.stored : layout.name(of: $0) },
      ignoring: { $0 == tied?.head || $0.hasSuffix("rotary_emb.inv_freq") || $0.hasSuffix(".position_ids") })
  }

  /// What of a head that config.json ties to the token table is stored, as transformers 5.24 takes it: a head with other
  /// values than the table is not tied, and one that is stored alone is both.
  ///
  /// - Returns: the table's path, the tensor that is the table, and the head's that goes unused; nil where the head has a
  ///   matrix of its own.
  private mutating func settleHead(
    _ folder: Tensor.SafetensorsFolder, _ layout: WeightLayout
  ) throws -> (table: String, stored: String, head: String)? {
    var tied: (table: String, stored: String, head: String)?
    editHead { map, table, path in
      guard table.isHead, map == nil else { return }
      let own = table.path.appending(component: "weight")
      tied = (own, layout.name(of: own), layout.name(of: path.appending(component: "weight")))
    }
    guard let found = tied, let head = folder.shape(of: found.head) else { return tied }
    guard let table = folder.shape(of: found.stored) else { return (found.table, found.head, found.head) }
    guard head == table else {
      throw WeightsError.mismatch(
        folder: try folder.file(of: found.head).path, missing: [], unknown: [],
        misshapen: [.init(name: found.head, expected: table, found: head)])
    }
    if try folder.areEqual(found.head, found.stored) { return found }
    editHead { map, table, _ in map = Linear(weight: table.embedding.weight.value) }
    return nil
  }

  /// config.json with what is no longer as it says: a head of its own, another number of tokens.
  fileprivate func configurationFile(_ data: Data) throws -> Data {
    let file = try tokenizerJSON(Array(data), file: "config.json")
    var changed = file
    let (own, count) = (configuration.text.vocabularySize, text.embedding.weight.value.shape[0])
    if own != count {
      changed = changed.replacing { $0 == "vocab_size" && $1 == .number(own) ? .number(count) : nil }
    }
    if configuration.text.tiesEmbeddings, head != nil {
      changed = changed.replacing { key, _ in key == "tie_word_embeddings" ? false : nil }
      if case .object(let members) = changed, changed["tie_word_embeddings"] == nil {
        changed = .object(members + [JSONValue.Member("tie_word_embeddings", false)])
      }
    }
    return changed == file ? data : changed.configurationText
  }
}

extension Tensor.SafetensorsFolder {
  /// Whether two tensors of one shape have the same elements.
  fileprivate func areEqual(_ a: String, _ b: String) throws -> Bool {
    guard dtype(of: a) == dtype(of: b) else { return try tensor(named: a).isIdentical(to: tensor(named: b)) }
    return try file(of: a).withBytes(of: a) { first in
      try file(of: b).withBytes(of: b) { second in first.elementsEqual(second) }
    }
  }
}

/// What config.json calls its architecture.
func modelType(of folder: URL) throws -> String {
  struct Family: Decodable {
    var model_type: String
  }
  if let file = try GGUFModel(at: folder) { return file.modelType }
  let family: Family = try readJSON(folder.appending(path: "config.json"))
  return family.model_type
}

/// The file that says how images are processed: processor_config.json where it does, as in folders that transformers 5
/// writes, else preprocessor_config.json.
func imageProcessorFile(in folder: URL) throws -> String {
  struct Processor: Decodable {
    struct Images: Decodable {}
    var image_processor: Images?
  }
  let whole = folder.appending(path: "processor_config.json")
  if FileManager.default.fileExists(atPath: whole.path) {
    let processor: Processor = try readJSON(whole)
    if processor.image_processor != nil { return whole.path }
  }
  return folder.appending(path: "preprocessor_config.json").path
}

extension TileTowerConfiguration {
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)`` where a processor cuts tiles of another size.
  func checkTiles(of side: Int, _ path: String) throws {
    guard side == imageSize else {
      throw StudentError.unusableFile(
        path, expected: "tiles of \(imageSize) pixels, as config.json says of the vision tower", found: "\(side)")
    }
  }
}

/// The files of a model folder that are kept as they are when the model is written again.
private func companionFiles(in folder: URL) throws -> [String: Data] {
  let names = [
    "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "chat_template.jinja", "chat_template.json", "preprocessor_config.json", "processor_config.json",
    "generation_config.json", "tokenizer.model",
  ]
  var result: [String: Data] = [:]
  for name in names {
    let url = folder.appending(path: name)
    if FileManager.default.fileExists(atPath: url.path) { result[name] = try readRegularFile(url) }
  }
  return result
}

/// JSON for people: indented, keys sorted.
func prettyJSON(_ value: some Encodable) throws -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return try encoder.encode(value) + Data("\n".utf8)
}

/// Reads a small JSON file; the error names the file and what is wrong in it.
func readJSON<Value: Decodable>(_ url: URL) throws -> Value {
  let data: Data
  do { data = try readRegularFile(url) } catch {
    throw StudentError.unusableFile(url.path, expected: "a readable file", found: error.localizedDescription)
  }
  return try decodeJSON(data, path: url.path)
}

/// The same for bytes that were read, or made, already.
func decodeJSON<Value: Decodable>(_ data: Data, path file: String) throws -> Value {
  let json: JSONValue
  do { json = try JSONParser.value(of: [UInt8](data), .modelFile) } catch {
    throw StudentError.unusableFile(
      file, expected: "JSON: \(error.expected) at byte \(error.offset + 1)", found: error.found)
  }
  do { return try json.decoded(as: Value.self) } catch let error as DecodingError {
    let fault = JSONMismatch(error, in: json)
    if let reason = fault.reason {
      throw StudentError.unusableFile(
        file, expected: "a valid model description", found: fault.place.isEmpty ? reason : "\(fault.place): \(reason)")
    }
    let place = fault.place.isEmpty ? file : "\(file): \(fault.place)"
    throw StudentError.unusableFile(place, expected: fault.expected, found: fault.found)
  }
}

/// A config.json for weights in Float32: the same bytes, unless it names another type.
func configurationInFloat32(_ data: Data) throws -> Data {
  let file = try tokenizerJSON(Array(data), file: "config.json")
  let changed = file.ofWeights("float32")
  return changed == file ? data : changed.configurationText
}

/// A config.json with what `own` says, and what the file it was read from says besides.
func configurationFile(_ own: Data, over original: Data?) throws -> Data {
  var members =
    try original.flatMap { try tokenizerJSON(Array($0), file: "config.json").ofWeights("float32").members } ?? []
  for member in try tokenizerJSON(Array(own), file: "config.json").members ?? [] {
    if let place = members.firstIndex(where: { $0.name == member.name }) {
      members[place] = member
    } else {
      members.append(member)
    }
  }
  return JSONValue.object(members).configurationText
}

extension JSONValue {
  /// The object, and those in it, with other values for some members; nil leaves a value as it is.
  fileprivate func replacing(_ change: (_ key: String, _ value: JSONValue) -> JSONValue?) -> JSONValue {
    guard case .object(let members) = self else { return self }
    return .object(members.map { Member($0.name, change($0.name, $0.value) ?? $0.value.replacing(change)) })
  }

  /// The object, and those in it, with this type of weights where one is named.
  func ofWeights(_ type: String) -> JSONValue {
    guard case .object(let members) = self else { return self }
    return .object(
      members.map { member in
        let isType = (member.name == "dtype" || member.name == "torch_dtype") && member.value.string != nil
        return Member(member.name, isType ? .string(type) : member.value.ofWeights(type))
      })
  }

  /// In the layout of transformers.
  var configurationText: Data { Data((text(.python(indent: 2, sortsNames: true)) + "\n").utf8) }
}
