internal import Foundation

/// The contents of `adapter_config.json`: a LoRA configuration and what PEFT adds to it.
struct PEFTConfiguration {
  /// Rank, scale and targets.
  var lora: LoRAConfiguration
  /// `exclude_modules` where it is a regular expression; lists are part of ``lora``.
  var excludedPattern: String?

  /// The release whose layout of the file is written.
  private static let version = "0.21.2"
  /// Bytes beyond which a file is not read: real ones have a few thousand.
  private static let sizeLimit = 16 << 20

  /// Whether the projection at this path of the file's model is adapted.
  func adapts(_ path: String) throws -> Bool {
    if let excludedPattern, try LoRAConfiguration.matches(excludedPattern, path) { return false }
    return try lora.adapts(path)
  }

  /// The bytes of `adapter_config.json`, as PEFT writes it: all keys, sorted, two spaces a level, no newline at the end.
  ///
  /// - Parameters:
  ///   - lora: whose targets are names or a pattern.
  ///   - baseModel: a folder or a model's name.
  ///   - taskType: nil where there is none.
  static func bytes(of lora: LoRAConfiguration, baseModel: String, taskType: String?) -> Data {
    let targets: PEFTJSON =
      switch lora.targets {
      case .allLinear: .string("all-linear")
      case .names(let names): .array(names.map { .string($0) })
      case .pattern(let pattern): .string(pattern)
      }
    // Through the shortest decimal text: 0.05 as Float is not 0.05 as Double.
    func number(_ value: Float) -> PEFTJSON { .number(Double("\(value)") ?? Double(value)) }
    var members: [String: PEFTJSON] = [
      "base_model_name_or_path": .string(baseModel), "bias": .string("none"), "ensure_weight_tying": .bool(false),
      "fan_in_fan_out": .bool(false), "inference_mode": .bool(true), "init_lora_weights": .bool(true),
      "alpha_pattern": .object([:]), "loftq_config": .object([:]), "lora_alpha": number(lora.alpha),
      "lora_bias": .bool(false), "lora_dropout": number(lora.dropout), "megatron_core": .string("megatron.core"),
      "peft_type": .string("LORA"), "peft_version": .string(version), "qalora_group_size": .number(16),
      "r": .number(Double(lora.rank)), "rank_pattern": .object([:]), "target_modules": targets,
      "task_type": taskType.map { .string($0) } ?? .null, "use_dora": .bool(false), "use_qalora": .bool(false),
      "use_rslora": .bool(lora.isRankStabilized),
    ]
    for key in Self.written where members[key] == nil { members[key] = .null }
    return Data(PEFTJSON.object(members).text().utf8)
  }

  /// Keys that stand in the file though nothing is said by them.
  private static let written = [
    "alora_invocation_tokens", "arrow_config", "auto_mapping", "corda_config", "eva_config", "exclude_modules",
    "kasa_config", "layer_replication", "layers_pattern", "layers_to_transform", "lora_ga_config", "megatron_config",
    "modules_to_save", "monteclora_config", "revision", "target_parameters", "trainable_token_indices", "use_bdlora",
    "velora_config",
  ]

  /// Keys that are read below.
  private static let understood: Set = [
    "bias", "exclude_modules", "init_lora_weights", "lora_alpha", "lora_dropout", "peft_type", "r", "target_modules",
    "use_rslora",
  ]
  /// Keys that say where an adapter comes from or how its training began, not what it computes.
  private static let harmless: Set = [
    "auto_mapping", "base_model_name_or_path", "corda_config", "ensure_weight_tying", "eva_config", "inference_mode",
    "layers_pattern", "loftq_config", "lora_ga_config", "megatron_core", "peft_version", "qalora_group_size",
    "revision",
    "runtime_config", "task_type",
  ]

  /// Reads a file.
  ///
  /// - Throws: ``LoRAError/unusableFile(_:_:)``, or ``LoRAError/unsupportedOption(file:option:expected:found:)`` for each
  ///   option under which the adapter would compute something else than it does here.
  init(contentsOf url: URL) throws {
    let file = url.path
    let members: [String: PEFTJSON]
    do {
      let size = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      guard size <= Self.sizeLimit else {
        throw LoRAError.unusableFile(file, "expected at most \(Self.sizeLimit) bytes, found \(size)")
      }
      members = try JSONDecoder().decode([String: PEFTJSON].self, from: Data(contentsOf: url))
    } catch let error as LoRAError {
      throw error
    } catch let error as DecodingError {
      throw LoRAError.unusableFile(file, "expected a JSON object, found \(Self.reason(error))")
    } catch {
      throw LoRAError.unusableFile(file, "cannot be read: \(error.localizedDescription)")
    }
    try self.init(members, file: file)
  }

  private init(_ members: [String: PEFTJSON], file: String) throws {
    func refused(_ key: String, _ expected: String) -> LoRAError {
      .unsupportedOption(file: file, option: key, expected: expected, found: members[key]?.text() ?? "nothing")
    }
    guard members["peft_type"] == .string("LORA") else { throw refused("peft_type", "\"LORA\"") }
    switch members["bias"] ?? .null {
    case .null, .string("none"): break
    default: throw refused("bias", "\"none\"")
    }
    switch members["init_lora_weights"] ?? .null {
    case .null, .bool, .string("gaussian"), .string("orthogonal"), .string("eva"): break
    // The others, such as PiSSA, change the base weights too when they begin.
    default: throw refused("init_lora_weights", "true, false, \"gaussian\", \"orthogonal\" or \"eva\"")
    }
    for (key, value) in members.sorted(by: { $0.key < $1.key })
    where !Self.understood.contains(key) && !Self.harmless.contains(key) {
      switch value {
      case .null, .bool(false), .array([]), .object([:]): break
      // A size or a name alone does nothing: what it belongs to has a switch, and that is refused.
      case .number where key != "layers_to_transform", .string: break
      default: throw refused(key, "null, false or nothing in it")
      }
    }

    func number(_ key: String, or missing: Double, _ expected: String, _ holds: (Double) -> Bool) throws -> Double {
      switch members[key] ?? .null {
      case .null: return missing
      case .number(let value) where holds(value): return value
      default: throw refused(key, expected)
      }
    }
    func names(_ key: String) throws -> (list: [String], pattern: String?) {
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
    var lora = LoRAConfiguration()
    // Where a key is missing, PEFT's defaults count, not ours.
    let rank = try number("r", or: 8, "a whole number from 1 to 65536") {
      Int(exactly: $0).map((1...65536).contains) ?? false
    }
    lora.rank = Int(rank)
    lora.alpha = Float(try number("lora_alpha", or: 8, "a finite number") { Float($0).isFinite })
    lora.dropout = Float(try number("lora_dropout", or: 0, "a number from 0 to below 1") { (0..<1).contains($0) })
    switch members["use_rslora"] ?? .null {
    case .null: break
    case .bool(let value): lora.isRankStabilized = value
    default: throw refused("use_rslora", "true or false")
    }
    let targets = try names("target_modules")
    guard targets.pattern != nil || !targets.list.isEmpty else {
      throw refused("target_modules", "a list of names or a regular expression")
    }
    lora.targets = targets.pattern.map { $0 == "all-linear" ? .allLinear : .pattern($0) } ?? .names(targets.list)
    // The file has named its targets itself: nothing is left out by default.
    lora.adaptsVision = true
    let excluded = try names("exclude_modules")
    lora.excluded = excluded.list
    self.lora = lora
    excludedPattern = excluded.pattern
  }

  private static func reason(_ error: DecodingError) -> String {
    switch error {
    case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context),
      .keyNotFound(_, let context):
      context.debugDescription
    @unknown default: "something else"
    }
  }
}
