public import ConfigurationFiles

/// One teacher: its name, and where its replies come from.
public struct TeacherConfiguration: ConfigurationSection {
  package var name: String
  /// Where its replies come from; there is no default.
  package var source: Source

  /// Where a teacher's replies come from.
  package enum Source: Sendable, Equatable {
    /// Replies that a file holds.
    case recorded(RecordedTeacherConfiguration)
    /// A vision-language model that runs in this process.
    case model(ModelTeacherConfiguration)
    /// A vision-language model that the run makes.
    case trained(TrainedTeacherConfiguration)
    /// A service that speaks the OpenAI chat protocol.
    case openAI(OpenAITeacherConfiguration)
    /// A service that answers typed questions with probabilities.
    case decision(DecisionTeacherConfiguration)
  }

  /// The kinds of source, as `kind` names them.
  package enum Kind: String, ConfigurationChoice {
    /// Replies that a file holds.
    case recorded
    /// A vision-language model that runs in this process.
    case model
    /// A vision-language model that the run makes.
    case trained
    /// A service that speaks the OpenAI chat protocol.
    case openAI = "openai"
    /// A service that answers typed questions with probabilities.
    case decision
  }

  package init(name: String, source: Source) {
    (self.name, self.source) = (name, source)
  }

  /// The kind of ``source``.
  package var kind: Kind {
    switch source {
    case .recorded: .recorded
    case .model: .model
    case .trained: .trained
    case .openAI: .openAI
    case .decision: .decision
    }
  }

  /// The template for this teacher alone; nil for that of the run.
  package var prompt: String? {
    switch source {
    case .recorded: nil
    case .model(let teacher): teacher.prompt
    case .trained(let teacher): teacher.prompt
    case .openAI(let teacher): teacher.prompt
    case .decision(let teacher): teacher.service.prompt
    }
  }

  /// The service behind the teacher, its address, key, pace and prices; nil where it is none.
  package var service: OpenAITeacherConfiguration? {
    switch source {
    case .recorded, .model, .trained: nil
    case .openAI(let service): service
    case .decision(let teacher): teacher.service
    }
  }

  /// A recorded teacher without a name.
  package static let blank = TeacherConfiguration(name: "", source: .recorded(.blank))

  package static let example = TeacherConfiguration(name: "first", source: .recorded(.example))

  /// One teacher of every other kind.
  package static let alternatives = [
    TeacherConfiguration(name: "local", source: .model(.example)),
    TeacherConfiguration(name: "home-made", source: .trained(.example)),
    TeacherConfiguration(name: "service", source: .openAI(.example)),
    TeacherConfiguration(name: "decider", source: .decision(.example)),
  ]

  /// The keys of an element of `teachers`.
  package static let keys: [ConfigurationKey<TeacherConfiguration>] =
    [
      ConfigurationKey(
        "name", \.name, "Name in results and file names.", range: nameRange, requirement: "the teacher's name"),
      ConfigurationKey(
        "kind", \.kindSelection, "Where replies come from: a file, a local model, one that the run trains, a service.",
        requirement: Kind.configurationForm, decides: true),
    ]
    + RecordedTeacherConfiguration.keys.map { $0.lifted(to: \.recorded, when: condition(.recorded)) }
    + ModelTeacherConfiguration.keys.map { $0.lifted(to: \.model, when: condition(.model)) }
    + TrainedTeacherConfiguration.keys.map { $0.lifted(to: \.trained, when: condition(.trained)) }
    + OpenAITeacherConfiguration.keys.map { $0.lifted(to: \.openAI, when: condition(.openAI)) }
    + DecisionTeacherConfiguration.keys.map { $0.lifted(to: \.decision, when: condition(.decision)) }

  private static let nameRange = ConfigurationRange<String>("not empty, without / and other than 'all'") { name in
    // Results and files carry the name; `all` is the word for every teacher's answers in Stage 1.
    !name.allSatisfy(\.isWhitespace) && !name.contains("/") && name != "all" && name != "." && name != ".."
  }

  private static func condition(_ kind: Kind) -> ConfigurationKey<TeacherConfiguration>.Condition {
    .init("kind: \(kind.rawValue)") { $0.kind == kind }
  }

  /// Setting another kind begins a source of that kind, whose keys are read next.
  private var kindSelection: Kind {
    get { kind }
    set {
      guard newValue != kind else { return }
      switch newValue {
      case .recorded: source = .recorded(.blank)
      case .model: source = .model(.blank)
      case .trained: source = .trained(.blank)
      case .openAI: source = .openAI(.blank)
      case .decision: source = .decision(.blank)
      }
    }
  }

  private var recorded: RecordedTeacherConfiguration {
    get { if case .recorded(let teacher) = source { teacher } else { .blank } }
    set { source = .recorded(newValue) }
  }

  private var model: ModelTeacherConfiguration {
    get { if case .model(let teacher) = source { teacher } else { .blank } }
    set { source = .model(newValue) }
  }

  private var trained: TrainedTeacherConfiguration {
    get { if case .trained(let teacher) = source { teacher } else { .blank } }
    set { source = .trained(newValue) }
  }

  private var openAI: OpenAITeacherConfiguration {
    get { if case .openAI(let teacher) = source { teacher } else { .blank } }
    set { source = .openAI(newValue) }
  }

  private var decision: DecisionTeacherConfiguration {
    get { if case .decision(let teacher) = source { teacher } else { .blank } }
    set { source = .decision(newValue) }
  }

  /// What holds between the keys of the source.
  package func checkRelations(with reader: inout ConfigurationReader) {
    switch source {
    case .recorded(let teacher): teacher.checkRelations(with: &reader)
    case .model(let teacher): teacher.checkRelations(with: &reader)
    case .trained(let teacher): teacher.checkRelations(with: &reader)
    case .openAI(let teacher): teacher.checkRelations(with: &reader)
    case .decision(let teacher): teacher.checkRelations(with: &reader)
    }
  }
}
