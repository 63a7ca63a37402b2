public import Tensor

/// Several losses of a pair added up by weight, as TRL's list of loss types.
///
/// ```swift
/// let mix = WeightedPreferenceLoss([(StandardPreferenceLoss.sigmoid(beta: 0.1), 0.8), (StandardPreferenceLoss.sft, 0.2)])
/// ```
public struct WeightedPreferenceLoss: PreferenceLoss {
  /// The losses with their weights.
  package let parts: [(loss: any PreferenceLoss, weight: Float)]

  /// A sum of these losses.
  ///
  /// - Precondition: at least one; weights are finite.
  public init(_ parts: [(loss: any PreferenceLoss, weight: Float)]) {
    precondition(!parts.isEmpty && parts.allSatisfy(\.weight.isFinite), "weights \(parts.map(\.weight)) of losses")
    self.parts = parts
  }

  /// β of the first loss that has one; TRL gives all losses of a list the same.
  public var beta: Float? { parts.lazy.compactMap(\.loss.beta).first }

  /// One loss a pair, [pairs].
  public func callAsFunction(_ pairs: PreferencePairs) -> Tensor {
    parts.dropFirst().reduce(parts[0].loss(pairs) * parts[0].weight) { $0 + $1.loss(pairs) * $1.weight }
  }
}

/// How a policy's distance to the reference is measured (Wang et al. 2023): from a log ratio t to a score.
public enum PreferenceDivergence: Sendable, Equatable {
  /// t: that of DPO.
  case reverseKL
  /// 1 - e^-t.
  case forwardKL
  /// log 2 + log σ(t).
  case jensenShannon
  /// (e^((α-1)t) - 1)/(α - 1); its limit t where α is 1. Exponents end at 80, as in TRL.
  case alpha(Float)

  /// Scores of log ratios of any shape.
  public func scores(_ ratios: Tensor) -> Tensor {
    switch self {
    case .reverseKL: return ratios
    case .forwardKL: return 1 - (-ratios).exp()
    case .jensenShannon: return ratios.logSigmoid() + Tensor(2).log()
    case .alpha(let alpha):
      guard abs(alpha - 1) >= 1e-6 else { return ratios }
      return ((ratios * (alpha - 1)).minimum(Tensor(80)).exp() - 1) / (alpha - 1)
    }
  }
}

/// A loss with scores under another divergence in the place of log ratios.
///
/// As in TRL only losses of the difference of two ratios, or of their means over tokens, take one; the others compare each
/// answer with the reference by itself.
public struct DivergencePreferenceLoss: PreferenceLoss {
  package let loss: StandardPreferenceLoss
  /// What makes scores of ratios.
  package let divergence: PreferenceDivergence

  /// A loss under a divergence; nil where the loss takes none but ``PreferenceDivergence/reverseKL``.
  public init?(_ loss: StandardPreferenceLoss, _ divergence: PreferenceDivergence) {
    guard divergence == .reverseKL || loss.takesDivergence else { return nil }
    (self.loss, self.divergence) = (loss, divergence)
  }

  /// β of the loss.
  public var beta: Float? { loss.beta }

  /// One loss a pair, [pairs].
  public func callAsFunction(_ pairs: PreferencePairs) -> Tensor {
    var scored = pairs
    scored.chosen = divergence.scores(pairs.chosenRatios)
    scored.rejected = divergence.scores(pairs.rejectedRatios)
    scored.referenceChosen = .zeros(pairs.referenceChosen.shape)
    scored.referenceRejected = .zeros(pairs.referenceRejected.shape)
    return loss(scored)
  }
}

extension StandardPreferenceLoss {
  /// β where nothing else is asked for, that of the paper and of TRL.
  package static let defaultBeta: Float = 0.1

  /// Whether another divergence than DPO's can stand in this loss.
  package var takesDivergence: Bool {
    switch self {
    case .sigmoid, .sigmoidNorm, .hinge, .ipo, .exoPair, .robust, .conservative, .discoPOP, .sft: true
    case .ncaPair, .bcoPair, .sppoHard, .apoZero, .apoDown: false
    }
  }
}
