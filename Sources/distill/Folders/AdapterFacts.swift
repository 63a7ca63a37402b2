#if Run
  import Foundation
  import Layers
  import LoRA
  import TeacherProtocol
  import Tensor
  import Wording

  /// What the folder of a PEFT adapter holds.
  enum AdapterFacts {
    /// Keys of the file that say where the adapter comes from.
    private struct Origin: Decodable {
      var base_model_name_or_path: String?
      var task_type: String?
      var peft_version: String?
    }

    static func facts(of folder: URL) throws -> [Fact] {
      try AdapterFolder.demand(folder)
      let lora = try LoRAConfiguration(adapterFolder: folder)
      let origin = try JSONDecoder().decode(
        Origin.self, from: readData(folder.appending(path: "adapter_config.json")))
      let file = try Tensor.SafetensorsFile(contentsOf: folder.appending(path: "adapter_model.safetensors"))
      var facts = [
        Fact("adapter", kind(of: lora) + (origin.peft_version.map { ", written as by PEFT \($0)" } ?? "")),
        Fact("base model", origin.base_model_name_or_path ?? "not named"),
        Fact("rank", "\(lora.rank), alpha \(lora.alpha): the product is multiplied by \(lora.scale)"),
        Fact("targets", targets(of: lora)),
      ]
      if let task = origin.task_type { facts.append(Fact("task", task)) }
      if lora.dropout > 0 { facts.append(Fact("dropout", "\(lora.dropout) in training")) }
      if !lora.rankPattern.isEmpty { facts.append(Fact("other ranks", table(lora.rankPattern))) }
      if !lora.alphaPattern.isEmpty { facts.append(Fact("other alphas", table(lora.alphaPattern))) }
      let left = lora.excluded + lora.excludedPatterns
      if !left.isEmpty { facts.append(Fact("left out", left.joined(separator: ", "))) }
      if let layers = lora.layers { facts.append(Fact("layers", layers.map(String.init).joined(separator: ", "))) }
      if !lora.savedModules.isEmpty { facts.append(Fact("whole parts", lora.savedModules.joined(separator: ", "))) }
      for (name, tokens) in lora.trainedTokens.sorted(by: { $0.key < $1.key }) {
        facts.append(
          Fact("tokens", "\(tokens.count) of \(name.isEmpty ? "the token table" : name), in place of its own rows"))
      }
      if lora.ensuresTying {
        facts.append(Fact("head", "what is trained of the token table counts for a head that is it"))
      }
      if lora.trainedBiases != .none { facts.append(Fact("offsets", "\(lora.trainedBiases.rawValue), trained")) }
      facts.append(Fact("tensors", WeightFacts.summary(of: [file])))
      if let fault = try fault(of: file) { facts.append(Fact(Fact.fault, fault)) }
      return facts
    }

    /// The first number that is none, for which no model takes the adapter; nil where all are numbers.
    private static func fault(of file: Tensor.SafetensorsFile) throws -> String? {
      for name in file.names {
        guard let found = try file.tensor(named: name).firstNonFinite else { continue }
        return FaultText.sentence(
          for: LoRAError.notFinite(file: file.path, tensor: name, element: found.element, value: found.value))
      }
      return nil
    }

    private static func kind(of lora: LoRAConfiguration) -> String {
      var words = [lora.usesDoRA ? "DoRA" : "LoRA"]
      if lora.isRankStabilized { words.append("rank-stabilised") }
      if lora.hasBias { words.append("with offsets of its own") }
      if lora.initialization == .principal { words.append("on what PiSSA leaves of the base") }
      return words.joined(separator: ", ")
    }

    private static func targets(of lora: LoRAConfiguration) -> String {
      switch lora.targets {
      case .allLinear: return "all linear layers but the output head"
      case .pattern(let pattern): return "places that match \(pattern)"
      case .mixed(let names, let patterns):
        return "places called \(names.joined(separator: ", ")), or that match \(patterns.joined(separator: " or "))"
      case .names(let names):
        let ends = Set(names.map { $0.split(separator: ".").last.map(String.init) ?? $0 }).sorted()
        return "\(names.count) \(names.count == 1 ? "name" : "names"): \(ends.joined(separator: ", "))"
      }
    }

    private static func table(_ values: [String: some CustomStringConvertible]) -> String {
      values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
  }

  /// What safetensors files hold.
  enum WeightFacts {
    /// Elements, tensors, types and bytes, in words.
    static func summary(of files: [Tensor.SafetensorsFile]) -> String {
      var types: [String: Int] = [:]
      for file in files { for name in file.names { types[file.dtype(of: name)?.rawValue ?? "", default: 0] += 1 } }
      let (elements, tensors) = (
        files.reduce(0) { $0 + self.elements(of: $1) }, files.reduce(0) { $0 + $1.names.count }
      )
      let bytes = files.reduce(0) { $0 + self.bytes(of: $1) }
      let kinds = types.sorted { $0.key < $1.key }.map { types.count == 1 ? $0.key : "\($0.value) \($0.key)" }
      return "\(Fact.number(elements)) numbers in \(Fact.number(tensors)) tensors, \(kinds.joined(separator: ", ")), "
        + Fact.size(bytes)
    }

    static func elements(of file: Tensor.SafetensorsFile) -> Int {
      file.names.reduce(0) { $0 + (file.shape(of: $1)?.reduce(1, *) ?? 0) }
    }

    static func bytes(of file: Tensor.SafetensorsFile) -> Int {
      file.names.reduce(0) { sum, name in
        sum + (file.shape(of: name)?.reduce(1, *) ?? 0) * (file.dtype(of: name)?.bitCount ?? 0) / 8
      }
    }
  }
#endif
