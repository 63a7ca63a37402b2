package import ConfigurationFiles
package import DPO
internal import Layers
internal import Wording

/// Stage 2's preference loss: one of TRL's by its name there, or several with their weights.
///
/// ```yaml
/// loss: sigmoid
/// loss: {sigmoid: 0.8, bco_pair: 0.2}
/// ```
package struct PreferenceLossConfiguration: ConfigurationValue, Equatable {
  /// The losses and how much each counts, in the order of their names: a mixture is the same however it is written.
  package private(set) var parts: [Part]

  /// One loss of a mixture.
  package struct Part: Sendable, Equatable {
    /// Which loss.
    package var name: Name
    /// How much it counts, above 0.
    package var weight: Double
  }

  /// The losses, by TRL's names. Supervised training on the chosen answers has a key of its own, `sft_weight`.
  package enum Name: String, Sendable, Equatable, CaseIterable {
    /// DPO's own.
    case sigmoid
    /// A hinge at 1.
    case hinge
    /// Identity preference optimisation, on means over tokens.
    case ipo
    /// Labels that may be wrong, unbiased.
    case robust
    /// Labels that may be wrong, conservative DPO.
    case cdpo
    /// Efficient exact optimisation.
    case exoPair = "exo_pair"
    /// Noise contrastive alignment.
    case ncaPair = "nca_pair"
    /// Binary classifier optimisation.
    case bcoPair = "bco_pair"
    /// Self-play preference optimisation.
    case sppoHard = "sppo_hard"
    /// Anchored preference optimisation, for chosen answers better than the model's.
    case apoZero = "apo_zero"
    /// Anchored preference optimisation, for chosen answers worse than the model's.
    case apoDown = "apo_down"
    /// DPO's on means over tokens.
    case sigmoidNorm = "sigmoid_norm"
    /// The loss that a language model found.
    case discopop
  }

  /// One loss.
  package init(_ name: Name) { parts = [Part(name: name, weight: 1)] }

  /// Several losses with their weights.
  ///
  /// - Precondition: at least one, each once, weights above 0.
  package init(mixing weights: KeyValuePairs<Name, Double>) {
    precondition(!weights.isEmpty && Set(weights.map(\.key)).count == weights.count, "no loss, or one twice")
    precondition(weights.allSatisfy { $0.value > 0 }, "a loss that does not count")
    parts = weights.map { Part(name: $0.key, weight: $0.value) }.sorted { $0.name.rawValue < $1.name.rawValue }
  }

  /// The name of a loss, or a map of names and weights.
  package static var configurationForm: String {
    "one of \(Name.allCases.map(\.rawValue).joined(separator: ", ")), or a map of such names and their weights"
  }

  /// Takes a word, or a map.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: Self?, with reader: inout ConfigurationReader
  ) -> Self? {
    let names = Name.allCases.map(\.rawValue)
    switch node.content {
    case .text(let word):
      guard let name = Name(rawValue: word) else {
        reader.reject(node, expected: configurationForm, nearest: NearestName.nearest(to: word, among: names))
        return nil
      }
      return Self(name)
    case .map(let entries) where !entries.isEmpty:
      var result = Self(.sigmoid)
      result.parts = []
      for entry in entries {
        guard let name = Name(rawValue: entry.key), case .number(let text) = entry.value.content,
          let weight = Double(text), (0...1_000_000).contains(weight), weight > 0,
          !result.parts.contains(where: { $0.name == name })
        else {
          reader.reject(
            entry.value, expected: "each loss once, with a weight above 0 and at most 1000000",
            nearest: Name(rawValue: entry.key) == nil ? NearestName.nearest(to: entry.key, among: names) : nil)
          return nil
        }
        result.parts.append(Part(name: name, weight: weight))
      }
      result.parts.sort { $0.name.rawValue < $1.name.rawValue }
      return result
    case .map, .null, .boolean, .number, .list:
      reader.reject(node, expected: configurationForm)
      return nil
    }
  }

  /// The word, or the map.
  package var configurationNode: ConfigurationNode? {
    if parts.count == 1, parts[0].weight == 1 { return .text(parts[0].name.rawValue) }
    return .map(parts.map { ConfigurationNode.Entry($0.name.rawValue, .number($0.weight)) })
  }
}

extension Stage2Configuration {
  /// The losses that cannot stand under ``divergence``.
  var lossesWithoutDivergence: [PreferenceLossConfiguration.Name] {
    divergence == .reverseKL
      ? [] : loss.parts.map(\.name).filter { !standardLoss($0).takesDivergence }
  }

  /// The numbers side's form of the loss.
  ///
  /// - Precondition: every loss can stand under ``divergence``, as the configuration's checks have made sure.
  package var preferenceLoss: any PreferenceLoss {
    let parts = loss.parts.map { part -> (loss: any PreferenceLoss, weight: Float) in
      guard let loss = DivergencePreferenceLoss(standardLoss(part.name), preferenceDivergence) else {
        preconditionFailure("\(part.name) under \(divergence)")
      }
      return (loss, Float(part.weight))
    }
    return WeightedPreferenceLoss(parts)
  }

  private var preferenceDivergence: PreferenceDivergence {
    switch divergence {
    case .reverseKL: .reverseKL
    case .forwardKL: .forwardKL
    case .jensenShannon: .jensenShannon
    case .alpha: .alpha(Float(divergenceAlpha))
    }
  }

  private func standardLoss(_ name: PreferenceLossConfiguration.Name) -> StandardPreferenceLoss {
    let (beta, smoothing) = (Float(beta), Float(labelSmoothing))
    return switch name {
    case .sigmoid: .sigmoid(beta: beta)
    case .hinge: .hinge(beta: beta)
    case .ipo: .ipo(beta: beta)
    case .robust: .robust(beta: beta, smoothing: smoothing)
    case .cdpo: .conservative(beta: beta, smoothing: smoothing)
    case .exoPair: .exoPair(beta: beta, smoothing: smoothing)
    case .ncaPair: .ncaPair(beta: beta)
    case .bcoPair: .bcoPair(beta: beta)
    case .sppoHard: .sppoHard(beta: beta)
    case .apoZero: .apoZero(beta: beta)
    case .apoDown: .apoDown(beta: beta)
    case .sigmoidNorm: .sigmoidNorm(beta: beta)
    case .discopop: .discoPOP(beta: beta, temperature: Float(discopopTemperature))
    }
  }
}
