/// The names under which training writes its measures, those of TRL's trainers, so that tools that read one read the
/// other.
package enum TrainingMetric: String, Sendable, CaseIterable {
  /// The loss that was minimised, mean over the step's answer tokens or pairs.
  case loss
  /// Implicit reward of chosen answers, beta (log p - log p of the reference), mean over pairs.
  case rewardsChosen = "rewards/chosen"
  /// The same of rejected answers.
  case rewardsRejected = "rewards/rejected"
  /// Reward of chosen minus reward of rejected answers.
  case rewardsMargins = "rewards/margins"
  /// The share of pairs whose chosen answer has the greater reward, in 0...1.
  case rewardsAccuracies = "rewards/accuracies"
  /// Log-probability of chosen answers, summed over tokens, in nats.
  case logpsChosen = "logps/chosen"
  /// The same of rejected answers.
  case logpsRejected = "logps/rejected"
  /// Mean entropy of the answer tokens' distributions, in nats.
  case entropy
  /// The share of answer tokens whose most probable token is the right one, in 0...1.
  case meanTokenAccuracy = "mean_token_accuracy"
  /// Norm of the gradient before clipping.
  case gradNorm = "grad_norm"
  /// Tokens seen since the start of training.
  case numTokens = "num_tokens"
  /// Learning rate of the step.
  case learningRate = "learning_rate"
  /// Passes over the data so far, with a fraction.
  case epoch
}
