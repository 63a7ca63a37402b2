public import Tensor

/// Log-probabilities of chosen and rejected answers under the policy and under the reference, one row a pair.
///
/// All tensors are [pairs], in nats, sums over an answer's tokens. Gradients flow through the policy's.
public struct PreferencePairs: Sendable {
  /// The policy's scores of the chosen answers.
  public var chosen: Tensor
  /// The policy's scores of the rejected answers.
  public var rejected: Tensor
  /// The reference's scores of the chosen answers; zeros where there is no reference.
  public var referenceChosen: Tensor
  /// The reference's scores of the rejected answers; zeros where there is no reference.
  public var referenceRejected: Tensor
  /// Tokens of the chosen answers.
  public var chosenLengths: [Int]
  /// Tokens of the rejected answers.
  public var rejectedLengths: [Int]
  /// The policy's scores of the chosen answers, every token whole, whatever ``chosen`` was made of: what a supervised loss
  /// reads.
  public var chosenLikelihoods: Tensor

  /// Pairs with these scores.
  public init(
    chosen: Tensor, rejected: Tensor, referenceChosen: Tensor, referenceRejected: Tensor, chosenLengths: [Int],
    rejectedLengths: [Int]
  ) {
    precondition(
      [rejected, referenceChosen, referenceRejected].allSatisfy { $0.shape == chosen.shape }
        && chosenLengths.count == chosen.count && rejectedLengths.count == chosen.count,
      "scores of different numbers of pairs: \(chosen.shape), \(rejected.shape), \(referenceChosen.shape)")
    (self.chosen, self.rejected) = (chosen, rejected)
    (self.referenceChosen, self.referenceRejected) = (referenceChosen, referenceRejected)
    (self.chosenLengths, self.rejectedLengths) = (chosenLengths, rejectedLengths)
    chosenLikelihoods = chosen
  }

  /// log π(chosen) - log ref(chosen), c below.
  public var chosenRatios: Tensor { chosen - referenceChosen }
  /// log π(rejected) - log ref(rejected), r below.
  public var rejectedRatios: Tensor { rejected - referenceRejected }
}

/// A loss over preference pairs.
public protocol PreferenceLoss: Sendable {
  /// One loss a pair, [pairs].
  func callAsFunction(_ pairs: PreferencePairs) -> Tensor
  /// β, by which log ratios are scaled to rewards, here and in metrics. Nil, the default, where the loss has none: rewards in
  /// metrics are log ratios then.
  var beta: Float? { get }
}

extension PreferenceLoss {
  /// Nil.
  public var beta: Float? { nil }
}

/// The preference losses of the literature, by the names and formulas of TRL.
///
/// With c and r the log ratios of chosen and rejected answers, δ = c - r, σ the logistic function:
/// each case below gives its formula. Sums are over tokens, except where a mean over tokens is named.
public enum StandardPreferenceLoss: Sendable, Equatable, PreferenceLoss {
  /// -log σ(βδ): DPO (Rafailov et al. 2023).
  case sigmoid(beta: Float)
  /// max(0, 1 - βδ) (Zhao et al. 2023).
  case hinge(beta: Float)
  /// (c/|c| - r/|r| - 1/2β)², per-token means, as TRL computes it (Azar et al. 2023).
  case ipo(beta: Float)
  /// (-(1-ε) log σ(βδ) + ε log σ(-βδ)) / (1 - 2ε): labels wrong with probability ε (Chowdhury et al. 2024).
  case robust(beta: Float, smoothing: Float)
  /// -(1-ε) log σ(βδ) - ε log σ(-βδ): conservative DPO (Mitchell 2023).
  case conservative(beta: Float, smoothing: Float)
  /// σ(βδ)(log σ(βδ) - log(1-ε)) + σ(-βδ)(log σ(-βδ) - log ε) (Ji et al. 2024).
  case exoPair(beta: Float, smoothing: Float)
  /// -log σ(βc) - ½ log σ(-βc) - ½ log σ(-βr) (Chen et al. 2024).
  case ncaPair(beta: Float)
  /// -log σ(βc) - log σ(-βr) (Jung et al. 2024).
  case bcoPair(beta: Float)
  /// (c - ½/β)² + (r + ½/β)² (Wu et al. 2024).
  case sppoHard(beta: Float)
  /// (1 - σ(βc)) + σ(βr) (D'Oosterlinck et al. 2024).
  case apoZero(beta: Float)
  /// σ(βc) + (1 - σ(βδ)) (D'Oosterlinck et al. 2024).
  case apoDown(beta: Float)
  /// -log σ(β(c/|c| - r/|r|)), per-token means.
  case sigmoidNorm(beta: Float)
  /// With m = σ(βδ/τ): (1-m)(-log σ(βδ)) + m e^(-βδ) (Lu et al. 2024).
  case discoPOP(beta: Float, temperature: Float)

  /// -log π(chosen)/|chosen|: supervised training on the chosen answer, each token of it the same.
  case sft

  /// β; nil for ``sft``.
  public var beta: Float? {
    switch self {
    case .sigmoid(let beta), .hinge(let beta), .ipo(let beta), .robust(let beta, _), .conservative(let beta, _),
      .exoPair(let beta, _), .ncaPair(let beta), .bcoPair(let beta), .sppoHard(let beta), .apoZero(let beta),
      .apoDown(let beta), .sigmoidNorm(let beta), .discoPOP(let beta, _):
      beta
    case .sft: nil
    }
  }

  /// One loss a pair, [pairs].
  public func callAsFunction(_ pairs: PreferencePairs) -> Tensor {
    let (c, r) = (pairs.chosenRatios, pairs.rejectedRatios)
    let delta = c - r
    var means: Tensor {
      c / Tensor(pairs.chosenLengths.map(Float.init), shape: c.shape)
        - r / Tensor(pairs.rejectedLengths.map(Float.init), shape: r.shape)
    }
    switch self {
    case .sigmoid(let beta): return -(delta * beta).logSigmoid()
    case .hinge(let beta): return (1 - delta * beta).relu()
    case .ipo(let beta): return (means - 1 / (2 * beta)).squared()
    case .robust(let beta, let e):
      let x = delta * beta
      return ((-x).logSigmoid() * e - x.logSigmoid() * (1 - e)) / (1 - 2 * e)
    case .conservative(let beta, let e):
      let x = delta * beta
      return -(x.logSigmoid() * (1 - e)) - (-x).logSigmoid() * e
    case .exoPair(let beta, let e):
      let x = delta * beta
      let keep = Tensor(1 - e).log().scalar
      let flip = Tensor(e).log().scalar
      return x.sigmoid() * (x.logSigmoid() - keep) + (-x).sigmoid() * ((-x).logSigmoid() - flip)
    case .ncaPair(let beta):
      return -(c * beta).logSigmoid() - (c * -beta).logSigmoid() * 0.5 - (r * -beta).logSigmoid() * 0.5
    case .bcoPair(let beta): return -(c * beta).logSigmoid() - (r * -beta).logSigmoid()
    case .sppoHard(let beta): return (c - 0.5 / beta).squared() + (r + 0.5 / beta).squared()
    case .apoZero(let beta): return (1 - (c * beta).sigmoid()) + (r * beta).sigmoid()
    case .apoDown(let beta): return (c * beta).sigmoid() + (1 - (delta * beta).sigmoid())
    case .sigmoidNorm(let beta): return -(means * beta).logSigmoid()
    case .discoPOP(let beta, let temperature):
      let x = delta * beta
      let m = (x / temperature).sigmoid()
      return -((1 - m) * x.logSigmoid()) + m * (-x).exp()
    case .sft: return -(pairs.chosenLikelihoods / Tensor(pairs.chosenLengths.map(Float.init), shape: c.shape))
    }
  }
}
