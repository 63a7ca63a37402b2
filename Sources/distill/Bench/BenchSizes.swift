#if Run
  /// What one step of a benchmark is made of.
  struct BenchSizes {
    /// Tiles of the image.
    var tiles = 1
    /// Text tokens of the prompt.
    var prompt = 128
    /// Tokens of each answer.
    var answer = 64
    /// Answers to one prompt in Stage 1.
    var teachers = 3
    /// Texts of a step of an encoder; prompts of a step of scoring.
    var batch = 32
    /// Tokens with which all prompts of a step of scoring begin, besides their own.
    var shared = 0
    /// Steps that count, after one that does not.
    var steps = 3
    /// Whether an encoder trains as a whole and not by adapters.
    var full = false
    /// Tokens of an encoder's texts in turn; empty where all have as many as a prompt.
    var lengths: [Int] = []
    /// Whether an encoder tags tokens and does not classify texts.
    var tags = false
    /// Whether a decoder has an adapter.
    var adapter = true
    /// Whether activations are computed again in place of being kept.
    var checkpointing = false
    /// Where the times of one more step's tasks are written.
    var taskTimes: String?
  }

  /// What is measured.
  enum BenchJob: String, CaseIterable {
    case vision
    case sft
    case dpo
    case generate
    case score
    case encoder
  }
#endif
