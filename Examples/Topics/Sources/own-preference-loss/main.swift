import DPO
import Tensor

/// A loss of our own over preference pairs: the sigmoid loss of a difference that must exceed a margin (ODPO, Amini et
/// al. 2024): -log σ(βδ - m), δ the difference of the log ratios of chosen and rejected answers.
struct MarginLoss: PreferenceLoss {
  var beta: Float
  var margin: Float

  /// One loss a pair, [pairs].
  func callAsFunction(_ pairs: PreferencePairs) -> Tensor {
    -((pairs.chosenRatios - pairs.rejectedRatios) * beta - margin).logSigmoid()
  }
}

// Two pairs: log-probabilities of whole answers, in nats, under the policy and under the reference.
let pairs = PreferencePairs(
  chosen: Tensor([-2, -1], shape: [2]), rejected: Tensor([-3, -5], shape: [2]),
  referenceChosen: Tensor([-2, -2], shape: [2]), referenceRejected: Tensor([-3, -4], shape: [2]),
  chosenLengths: [4, 3], rejectedLengths: [5, 3])
let ours = MarginLoss(beta: 0.5, margin: 1)(pairs).scalars
let plain = StandardPreferenceLoss.sigmoid(beta: 0.5)(pairs).scalars
print("with a margin of 1: \(ours); without: \(plain)")

// δ is 0 and 2: -log σ(-1), -log σ(0), and without the margin -log σ(0), -log σ(1).
for (found, expected) in zip(ours + plain, [1.313_261_7, 0.693_147_2, 0.693_147_2, 0.313_261_7] as [Float]) {
  precondition(abs(found - expected) < 1e-5, "\(found) instead of \(expected)")
}

// It goes wherever a loss goes: into an objective, or into a sum with other losses.
let mixture = WeightedPreferenceLoss([
  (MarginLoss(beta: 0.5, margin: 1), 0.5), (StandardPreferenceLoss.sft, 0.5),
])
print("half of it, and half of a supervised loss: \(mixture(pairs).scalars)")
precondition(abs(mixture(pairs).scalars[0] - (0.5 * ours[0] + 0.5 * 2 / 4)) < 1e-5)
