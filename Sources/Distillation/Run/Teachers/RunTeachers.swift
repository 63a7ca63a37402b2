internal import Annotations
internal import Foundation
package import ImageDecoding
internal import Layers
internal import LoRA
internal import StudentModels
internal import TeacherProtocol
import DistillationConfiguration

/// The teachers of a run, made from its configuration and plug-ins, with what each is asked.
struct RunTeachers: Sendable {
  /// With rationales, for training items.
  let assignments: [Annotator.Assignment]
  /// Labels alone, for test items, whose rationales cost time and are not used.
  let labelAssignments: [Annotator.Assignment]
  /// The files of the recorded teachers.
  let recorded: [RecordedReplies]
  /// The replies of each recorded teacher by its name in the run, with its name in the file.
  private let sources: [String: (replies: RecordedReplies, name: String)]

  /// Names in the configuration's order, plug-ins last.
  var names: [String] { assignments.map(\.teacher.name) }

  /// - Parameters:
  ///   - folder: the run's, where the teachers stand that it made.
  ///   - plainIDs: what recorded replies may call items, by the names that these have in the run.
  ///   - conductor: has other ranks compute along with this one. The default is nil: there are none.
  init(
    _ configuration: RunConfiguration, labels: LabelSet, plugins: RunPlugins, folder: URL,
    plainIDs: [String: String] = [:], conductor: TeacherConductor? = nil
  ) throws {
    var (full, short) = ([Annotator.Assignment](), [Annotator.Assignment]())
    var files: [String: RecordedReplies] = [:]
    var sources: [String: (replies: RecordedReplies, name: String)] = [:]
    let rules = try RunRules(of: folder)
    for entry in configuration.teachers {
      let template = try PromptTemplate(entry.prompt ?? configuration.prompt)
      func assign(
        _ teacher: any Teacher, tokens: Int, shortTokens: Int, service: OpenAITeacherConfiguration? = nil
      ) {
        let make = { (tokens: Int) in
          Annotator.Assignment(
            teacher: teacher, template: template,
            parameters: service?.parameters ?? .init(maximumTokens: tokens), concurrency: service?.concurrency,
            price: service?.price)
        }
        full.append(make(tokens))
        short.append(make(shortTokens))
      }
      switch entry.source {
      case .recorded(let recorded):
        var replies = try recorded.replies(of: entry.name, labels: labels, from: &files)
        if rules.replies == .byPlainID { replies.otherNames = plainIDs }
        sources[entry.name] = (replies, recorded.recordedName ?? entry.name)
        let teacher = try recorded.namingColumns(of: entry.name) {
          try RecordedTeacher(recorded.recordedName ?? entry.name, of: replies)
        }
        let tokens = TeacherParameters().maximumTokens
        assign(Renamed(name: entry.name, teacher: teacher), tokens: tokens, shortTokens: tokens)
      case .model, .trained:
        guard let (teacher, tokens) = try Self.computed(entry, configuration, labels, rules, folder) else { continue }
        let shared: (any Teacher)? = conductor.map { RankedTeacher(teacher, $0) }
        assign(shared ?? teacher, tokens: tokens, shortTokens: 1)
      case .openAI, .decision:
        guard let service = entry.service, let teacher = try plugins.makeTeacher?(entry, labels) else {
          throw RunError.noMaker(teacher: entry.name, kind: entry.kind.rawValue)
        }
        assign(
          teacher, tokens: service.maximumTokens, shortTokens: service.maximumTokens, service: service)
      }
    }
    let template = try PromptTemplate(configuration.prompt)
    for teacher in plugins.teachers {
      full.append(.init(teacher: teacher, template: template))
      short.append(.init(teacher: teacher, template: template))
    }
    assignments = full
    labelAssignments = short
    recorded = files.sorted { $0.key < $1.key }.map(\.value)
    self.sources = sources
  }

  /// Refuses a recorded teacher that says nothing on any training item, before others are asked and paid.
  ///
  /// - Throws: ``RunError/noRecordedReplies(teacher:file:)``.
  func refuseSilentRecords(on training: [Item]) throws {
    guard let name = silent(on: training).min(), let source = sources[name] else { return }
    throw RunError.noRecordedReplies(teacher: name, file: source.replies.file)
  }

  /// The names of recorded teachers that say nothing on any of these items.
  func silent(on items: [Item]) -> Set<String> {
    let silent = sources.filter { _, source in
      !items.contains { source.replies.reply(of: source.name, on: $0.id) != nil }
    }
    return Set(silent.keys)
  }

  /// Where a teacher stands that the run made.
  static func home(of name: String, in folder: URL) -> URL { folder.appending(path: "teachers/\(name)") }

  /// A teacher in this process, with the most tokens of its replies; nil for one of another kind.
  static func computed(
    _ entry: TeacherConfiguration, _ configuration: RunConfiguration, _ labels: LabelSet, _ rules: RunRules,
    _ folder: URL
  ) throws -> (teacher: any ComputedTeacher, tokens: Int)? {
    let model: ModelTeacherConfiguration
    switch entry.source {
    case .model(let own): model = own
    case .trained(let trained): model = trained.made(in: home(of: entry.name, in: folder).path)
    case .recorded, .openAI, .decision: return nil
    }
    // Items of text alone are asked as they always were.
    let pixels: PixelConfiguration = configuration.data.fields.image == nil ? .stored : configuration.data.readPixels
    return (try teacher(entry.name, model, labels, rules, pixels, configuration.digests), model.maximumTokens)
  }

  /// The model that a teacher is, with its adapter.
  static func student(_ model: ModelTeacherConfiguration, _ rules: RunRules) throws -> any PretrainedStudent {
    try ModelFolder.demand(URL(filePath: model.model))
    var student = try StudentFamily.student(contentsOf: URL(filePath: model.model))
    try student.refuseNonFiniteWeights(of: URL(filePath: model.model))
    student.promptBeginning = rules.beginning
    if let adapter = model.adapter {
      let folder = URL(filePath: adapter)
      switch rules.tokens {
      case .ofModel: try student.loadAdapter(from: folder)
      case .ofAdapter: try student.loadAdapters(from: [folder])
      }
      student.promptBeginning =
        try DistillationRun.promptBeginning(ofAdapter: folder) ?? student.promptBeginning
      try student.setThinking(DistillationRun.thinking(ofAdapter: folder))
    }
    try student.setThinking(model.thinking ?? student.thinking)
    return student
  }

  /// A model in a folder as a teacher.
  static func teacher(
    _ name: String, _ model: ModelTeacherConfiguration, _ labels: LabelSet, _ rules: RunRules,
    _ pixels: PixelConfiguration, _ digests: FileDigests
  ) throws -> any ComputedTeacher {
    let view = model.imageView
    func teacher(_ student: some Student, _ key: String) -> any ComputedTeacher {
      // Replies are remembered by what the teacher sees, too.
      let digest = "\(key) \(view.rawValue)" + (pixels.mark.isEmpty ? "" : " \(pixels.mark)")
      return ModelTeacher(
        name, student: student, modelDigest: digest, decoder: pixels.decoder, transform: { view.seen($0) })
    }
    let folder = URL(filePath: model.model)
    if ImageTextMatcher.isFolder(folder) {
      var matcher = try ImageTextMatcher(contentsOf: folder)
      var key = try digests.digest(of: folder)
      if let adapter = model.adapter.map({ URL(filePath: $0) }) {
        try matcher.loadAdapter(from: adapter)
        key += try digests.digest(of: adapter)
      }
      return teacher(matcher, key)
    }
    let student = try student(model, rules)
    var key = try digests.digest(of: URL(filePath: model.model))
    if let adapter = model.adapter {
      let folder = URL(filePath: adapter)
      key += try digests.digest(of: folder)
      // Replies that the adapter gave to other tokens are another teacher's.
      if rules.tokens == .ofAdapter, tokenizerFolder(ofAdapters: [folder]) != nil { key += " reads as its adapter" }
    }
    if let thinking = student.thinking { key += " thinking \(thinking)" }
    // Replies that an older version kept under older rules are another teacher's, but for a run that it began.
    if rules != .first { key += try changes(since: .first, of: student, labels) }
    return teacher(student, key)
  }
}

/// What of a model teacher's answers is otherwise than under other rules; empty where nothing is.
private func changes(
  since rules: RunRules, of student: some PretrainedStudent, _ labels: LabelSet
) throws -> String {
  var before = student
  before.promptBeginning = rules.beginning
  let words = labels.labels.map(\.answer)
  let (old, new) = try (
    before.labelQuestion("?", images: [], labels: words), student.labelQuestion("?", images: [], labels: words)
  )
  return (old.tree.prompt == new.tree.prompt ? "" : " begins as its folder")
    + (new.isPlain ? "" : " with what ends its labels")
}

/// A teacher under the name that the configuration gives it.
private struct Renamed: BatchTeacher {
  let name: String
  let teacher: any BatchTeacher
  var model: String { teacher.model }
  var answersByItem: Bool { teacher.answersByItem }
  func particulars(of request: TeacherRequest) -> String { teacher.particulars(of: request) }
  var batchSize: Int { teacher.batchSize }
  func replies(to requests: [TeacherRequest]) async throws -> [TeacherReply] {
    try await teacher.replies(to: requests)
  }
}

extension OpenAITeacherConfiguration {
  /// How the service's model is to answer.
  var parameters: TeacherParameters {
    var parameters = TeacherParameters(
      temperature: temperature, maximumTokens: maximumTokens, samples: samples, seed: seed,
      answersInJSON: answer == .json, statesConfidence: statesConfidence, isRepaired: repairs)
    parameters.answersByLabel = answer == .label
    return parameters
  }

  /// What its tokens cost, where that is known.
  var price: TokenPrice? {
    guard let inputPrice, let outputPrice else { return nil }
    return TokenPrice(input: inputPrice, output: outputPrice)
  }
}

extension ModelTeacherConfiguration.ImageView {
  /// What a teacher with this sight sees of an image.
  package func seen(_ image: RGBImage) -> RGBImage {
    switch self {
    case .none: return image
    case .grey:
      var pixels = image.pixels
      for at in stride(from: 0, to: pixels.count, by: 3) {
        // The luma of ITU-R BT.601, in thousandths.
        let luma = 299 * Int(pixels[at]) + 587 * Int(pixels[at + 1]) + 114 * Int(pixels[at + 2])
        let value = UInt8((luma + 500) / 1000)
        (pixels[at], pixels[at + 1], pixels[at + 2]) = (value, value, value)
      }
      return RGBImage(width: image.width, height: image.height, pixels: pixels)
    case .blurred:
      let small = image.resized(width: max(1, image.width / 4), height: max(1, image.height / 4), by: .box)
      return small.resized(width: image.width, height: image.height, by: .bilinear)
    }
  }
}
