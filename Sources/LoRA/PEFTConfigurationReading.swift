public import Foundation
internal import JSON
internal import Wording

extension LoRAConfiguration {
  /// The configuration in `adapter_config.json` of a PEFT folder, without a model.
  ///
  /// Names are those of the file; places in the vision tower count, since the file has named its targets itself.
  ///
  /// - Throws: ``LoRAError/unusableFile(_:_:)`` or ``LoRAError/unsupportedOption(file:option:expected:found:)`` for each
  ///   option under which the adapter would compute something else than it does here.
  public init(adapterFolder folder: URL) throws {
    try AdapterFolder.demand(folder, weights: false)
    self = try PEFTConfiguration.read(folder.appendingPathComponent("adapter_config.json"))
  }
}

extension PEFTConfiguration {
  /// Bytes beyond which a file is not read: real ones have a few thousand.
  private static let sizeLimit = 16 << 20

  /// Reads a file; see ``LoRAConfiguration/init(adapterFolder:)``.
  static func read(_ url: URL) throws -> LoRAConfiguration {
    let file = url.path
    do {
      let value = try JSONParser.value(of: Array(readRegularFile(url, limit: sizeLimit)), .modelFile)
      guard case .object(let members) = value else {
        throw LoRAError.unusableFile(file, "expected a JSON object, found \(value.kind)")
      }
      return try PEFTOptions(members: dictionary(members), file: file).configuration()
    } catch let error as LoRAError {
      throw error
    } catch let error as JSONSyntaxError {
      throw LoRAError.unusableFile(
        file, "expected a JSON object, found at byte \(error.offset) \(error.found) where \(error.expected) should be")
    } catch {
      throw LoRAError.unusableFile(file, "cannot be read: \(FaultText.reason(of: error))")
    }
  }
}

/// The members of an object by name. Of a name that comes twice the last counts, as for Python's json, by which PEFT reads.
private func dictionary(_ members: [JSONValue.Member]) -> [String: JSONValue] {
  Dictionary(members.map { ($0.name, $0.value) }) { $1 }
}

/// The names of an object's members, each where it comes first: there Python's json leaves it.
private func keys(of members: [JSONValue.Member]) -> [String] {
  var seen: Set<String> = []
  return members.map(\.name).filter { seen.insert($0).inserted }
}

/// The members of an `adapter_config.json`, checked one by one.
private struct PEFTOptions {
  let members: [String: JSONValue]
  let file: String

  /// Keys that are read below.
  private static let understood: Set = [
    "alpha_pattern", "bias", "ensure_weight_tying", "exclude_modules", "init_lora_weights", "layers_pattern",
    "layers_to_transform", "lora_alpha", "lora_bias", "lora_dropout", "modules_to_save", "peft_type", "r",
    "rank_pattern",
    "target_modules", "trainable_token_indices", "use_dora", "use_rslora",
  ]
  /// Keys that say where an adapter comes from or how its training began, not what it computes.
  private static let harmless: Set = [
    "auto_mapping", "base_model_name_or_path", "corda_config", "eva_config", "inference_mode", "loftq_config",
    "lora_ga_config", "megatron_core", "monteclora_config", "peft_version", "qalora_group_size", "revision",
    "runtime_config", "task_type", "velora_config",
    // It says how a GPT-2 layer stores its matrix; on linear maps and tables PEFT switches it off itself.
    "fan_in_fan_out",
  ]

  func configuration() throws -> LoRAConfiguration {
    guard members["peft_type"] == .string("LORA") else { throw refused("peft_type", "\"LORA\"") }
    try checkOthers()
    var lora = LoRAConfiguration()
    // Where a key is missing, PEFT's defaults count, not ours.
    lora.rank = try rank(members["r"] ?? .number(8), "r")
    lora.alpha = try alpha(members["lora_alpha"] ?? .number(8), "lora_alpha")
    let (ranks, alphas) = (try object("rank_pattern"), try object("alpha_pattern"))
    lora.rankPattern = try dictionary(ranks).mapValues { try rank($0, "rank_pattern") }
    lora.alphaPattern = try dictionary(alphas).mapValues { try alpha($0, "alpha_pattern") }
    lora.patternOrder = .init(ranks: keys(of: ranks), alphas: keys(of: alphas))
    lora.dropout = try dropout()
    lora.isRankStabilized = try flag("use_rslora")
    lora.usesDoRA = try flag("use_dora")
    lora.hasBias = try flag("lora_bias")
    lora.ensuresTying = try flag("ensure_weight_tying")
    lora.trainedTokens = try trainedTokens()
    lora.initialization = try initialization()
    lora.trainedBiases = try trainedBiases()
    lora.savedModules = try names("modules_to_save").list
    let targets = try names("target_modules")
    guard targets.pattern != nil || !targets.list.isEmpty else {
      throw refused("target_modules", "a list of names or a regular expression")
    }
    lora.targets =
      targets.pattern.map { $0.lowercased() == "all-linear" ? .allLinear : .pattern($0) } ?? .names(targets.list)
    // The file has named its targets itself: nothing is left out by default.
    lora.adaptsVision = true
    let excluded = try names("exclude_modules")
    (lora.excluded, lora.excludedPatterns) = (excluded.list, excluded.pattern.map { [$0] } ?? [])
    lora.layers = try layers()
    let pattern = try names("layers_pattern")
    lora.layersPattern = pattern.pattern.map { $0.isEmpty ? [] : [$0] } ?? pattern.list
    return lora
  }

  private func refused(_ key: String, _ expected: String) -> LoRAError {
    .unsupportedOption(file: file, option: key, expected: expected, found: members[key]?.text(.python()) ?? "nothing")
  }

  /// Options that are not read must be off.
  private func checkOthers() throws {
    for (key, value) in members.sorted(by: { $0.key < $1.key })
    where !Self.understood.contains(key) && !Self.harmless.contains(key) {
      switch value {
      // A size or a name alone does nothing: what it belongs to has a switch, and that is refused.
      case .null, .bool(false), .array([]), .object([]), .number, .string: break
      default: throw refused(key, "null, false or nothing in it")
      }
    }
  }

  private func rank(_ value: JSONValue, _ key: String) throws -> Int {
    guard let rank = value.integer, (1...65536).contains(rank) else {
      throw refused(key, "a whole number from 1 to 65536")
    }
    return rank
  }

  private func alpha(_ value: JSONValue, _ key: String) throws -> Float {
    guard let number = value.double, Float(number).isFinite else { throw refused(key, "a finite number") }
    return Float(number)
  }

  private func dropout() throws -> Float {
    let value = members["lora_dropout"] ?? .null
    if value.isNull { return 0 }
    guard let rate = value.double, (0..<1).contains(rate) else {
      throw refused("lora_dropout", "a number from 0 to below 1")
    }
    return Float(rate)
  }

  private func flag(_ key: String) throws -> Bool {
    switch members[key] ?? .null {
    case .null: return false
    case .bool(let value): return value
    default: throw refused(key, "true or false")
    }
  }

  private func object(_ key: String) throws -> [JSONValue.Member] {
    switch members[key] ?? .null {
    case .null: return []
    case .object(let members): return members
    default: throw refused(key, "an object of patterns and numbers")
    }
  }

  private func names(_ key: String) throws -> (list: [String], pattern: String?) {
    switch members[key] ?? .null {
    case .null: return ([], nil)
    case .string(let pattern): return ([], pattern)
    case .array(let values):
      let list = values.compactMap { value -> String? in if case .string(let name) = value { name } else { nil } }
      guard list.count == values.count else { throw refused(key, "a list of names or a regular expression") }
      return (list, nil)
    default: throw refused(key, "a list of names or a regular expression")
    }
  }

  private func layers() throws -> [Int]? {
    func number(_ value: JSONValue) throws -> Int {
      guard let layer = value.integer, layer >= 0 else {
        throw refused("layers_to_transform", "the numbers of layers")
      }
      return layer
    }
    switch members["layers_to_transform"] ?? .null {
    case .null: return nil
    case .array(let values): return try values.map(number)
    case let value: return [try number(value)]
    }
  }

  private func trainedTokens() throws -> [String: [Int]] {
    let key = "trainable_token_indices"
    func tokens(_ value: JSONValue) throws -> [Int] {
      guard case .array(let values) = value else {
        throw refused(key, "numbers of tokens, for each table if there are several")
      }
      return try values.map { value in
        guard let token = value.integer, token >= 0 else {
          throw refused(key, "numbers of tokens")
        }
        return token
      }
    }
    switch members[key] ?? .null {
    case .null: return [:]
    case .object(let members): return try dictionary(members).mapValues(tokens)
    case let value: return ["": try tokens(value)]
    }
  }

  private func initialization() throws -> LoRAConfiguration.Initialization {
    switch members["init_lora_weights"] ?? .null {
    case .null, .bool, .string("orthogonal"), .string("eva"), .string("mica"): return .standard
    case .string("gaussian"): return .gaussian
    // PEFT takes the principal part out of the base weights when it loads such a file.
    case .string("pissa"): return .principal
    // The others change the base weights in ways that cannot be repeated.
    default:
      throw refused("init_lora_weights", "true, false, \"gaussian\", \"orthogonal\", \"eva\", \"mica\" or \"pissa\"")
    }
  }

  private func trainedBiases() throws -> LoRAConfiguration.TrainedBiases {
    switch members["bias"] ?? .null {
    case .null: return .none
    case .string(let name):
      guard let biases = LoRAConfiguration.TrainedBiases(rawValue: name) else { fallthrough }
      return biases
    default: throw refused("bias", "\"none\", \"all\" or \"lora_only\"")
    }
  }
}
