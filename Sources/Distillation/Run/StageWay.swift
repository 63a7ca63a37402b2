/// How Stage 2 goes on from where Stage 1 ended, in the order in which equally good ways are preferred.
enum StageWay: String, CaseIterable {
  /// Preferences as the configuration has them.
  case preferences
  /// Fine-tuning on the chosen answers and the replayed ones alone.
  case supervised = "stage1_sft"
  /// Not at all: the student stays as Stage 1 left it.
  case none = "stage1"
}
