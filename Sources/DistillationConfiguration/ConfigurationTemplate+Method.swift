package import ConfigurationFiles

extension ConfigurationTemplate {
  /// What a configuration to begin with is for.
  package enum Beginning: Sendable, CaseIterable {
    /// Items of text alone, with what a first run needs.
    case texts
    /// Items with photos, with what a first run needs.
    case images
    /// Every key with its default.
    case all
  }

  /// The configuration that `distill init` writes for a method.
  package static func text(for method: DistillationMethod, _ beginning: Beginning = .all) -> String {
    switch (method, beginning) {
    case (.multiTeacher, .all): text(of: RunConfiguration.example)
    case (.dualChecker, .all): text(of: DualCheckerConfiguration.example)
    case (.multiTeacher, .texts):
      short(
        data: "texts.csv", fields: "{id: id, text: text, image: null}", names: ["spam", "ham"],
        question: "Is this message spam or ham? Answer Spam or Ham, then say why.")
    case (.multiTeacher, .images):
      short(
        data: "items.csv", fields: "{id: id, text: caption, image: image}", names: ["fits", "differs"],
        question: "Does the photo fit the caption? Answer Fits or Differs, then say why.")
    case (.dualChecker, _):
      """
      # distill check FILE looks at it, distill run FILE carries it out. Every key: distill init dualchecker --all
      method: dualchecker
      data:
        file: texts.csv   # a column label in some rows: the labelled pool, and what is scored
        fields: {id: id, text: text, detail: null, label: label}
      task:
        labels: [{name: spam, answer: Spam}, {name: ham, answer: Ham}]
        positive: spam
        instructions: ["Is the message spam or ham?"]
      teacher: {kind: openai, name: large, base_url: "http://127.0.0.1:8000/v1", model: large}
      teacher_check: {steps: []}
      aligner: {pool: 40}
      student: {learning_rate: 1.0e-3}   # of a small encoder from nothing; with model: FOLDER leave it out

      """
    }
  }

  private static func short(data: String, fields: String, names: [String], question: String) -> String {
    let labels = names.map { "  - {name: \($0), answer: \($0.prefix(1).uppercased() + $0.dropFirst())}\n" }.joined()
    return """
      # distill check FILE looks at it, distill run FILE carries it out. Every key: distill init --all
      data:
        file: \(data)   # with a column label in some rows: splits: {train: 80%, test: 20%} has those of test scored
        fields: \(fields)
      labels:
      \(labels)prompt: "{text} \(question)"
      teachers:
        - {name: first, kind: recorded, file: first.csv}   # id, label, rationale; else columns: {label: Answer}
        - {name: second, kind: openai, base_url: "http://127.0.0.1:8000/v1", model: second}
      review: {source: page, budget: 40}   # people decide conflicts: distill review --run RUN
      student: {model: models/student}
      stage2: {reference: stage1_adapter}

      """
  }
}
