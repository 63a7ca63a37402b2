#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  import Layers
  import LoRA
  import StudentModels
  import StudentServer
  import TeacherProtocol
  import Tensor

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Merge an adapter into its model and write a model folder.",
      discussion: """
        The folder is new or empty beforehand, and holds what transformers and this package load: config.json, the merged weights, and the \
        tokenizer's and processor's files as they were, or the tokenizer's as the adapter's folder has them. Merging is \
        done in Float32 and rounded once, to the type that the model's weights have in its folder. A model whose \
        output head is its token table has a head of its own afterwards where the adapter parts the two. A weight that \
        would not be finite stops the merge, and nothing is written.

        With --run the student of a finished run is written. --decision adds decision.json and \
        decision_template.jinja, by which transformers' pipeline("decision") and distill serve --model ask the run's own \
        question, with the run's probabilities. It takes labels whose answers are one token each; what these files can't \
        say is refused. They hold one temperature: of a run that is calibrated otherwise --fit-temperature writes the one that \
        comes nearest, and says what it loses. With --apart the folder holds the base as it is and the adapter in adapter/, which the pipeline \
        loads with PEFT.

        A name that ends in .gguf is a file for llama.cpp and Ollama, with the tokenizer and the chat template in it: of a \
        decoder that reads text alone, of SmolVLM, or of Qwen2-VL to Qwen3-VL, whose towers stand beside it in \
        mmproj-NAME.gguf. Its weights are float16 where --dtype does not say otherwise.

        Examples:

          distill export --model models/smolvlm --adapter runs/news/stage2 --out student
          distill export --run runs/news --decision --out student
          distill export --model models/smollm2 --adapter runs/esg/student --dtype q8_0 --out student.gguf
        """)

    @Option(
      help: ArgumentHelp("The model's folder or GGUF file. Give one of this and --run.", valueName: "path"),
      completion: .file()
    )
    var model: String?

    @Option(
      name: .customLong("run"),
      help: ArgumentHelp("The folder of a run whose student is written.", valueName: "folder"), completion: .directory)
    var runFolder: String?

    @OptionGroup var set: SetOptions

    @Flag(help: "Add the files by which others ask the run's question.")
    var decision = false

    @Flag(
      help:
        "With --decision: write the temperature that comes nearest to a calibration that is none, and say what it loses."
    )
    var fitTemperature = false

    @Flag(help: "With --decision: leave the adapter beside the base, in adapter/.")
    var apart = false

    @Option(
      help: ArgumentHelp("The folder of a PEFT adapter; several are added up.", valueName: "folder"),
      completion: .directory)
    var adapter: [String] = []

    @Option(
      name: .shortAndLong,
      help: ArgumentHelp("The folder to write, new or empty, or the .gguf file.", valueName: "path"),
      completion: .file())
    var out: String

    @Option(
      help: ArgumentHelp(
        "Type of the written weights: float32, bfloat16 or float16, of a .gguf file q8_0, q6_k and q4_k too. (default: that of the model's folder)",
        valueName: "type"))
    var dtype: WeightType?

    /// The types of weights that are written.
    enum WeightType: String, ExpressibleByArgument, CaseIterable {
      case float32, bfloat16, float16
      case eightBits = "q8_0"
      case sixBits = "q6_k"
      case fourBits = "q4_k"

      /// The type in a folder; nil for one that stands in GGUF files alone.
      var element: Tensor.SafetensorsFile.ElementType? {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .float16: .float16
        case .eightBits, .sixBits, .fourBits: nil
        }
      }

      /// The type in a GGUF file.
      var packed: Tensor.GGUFFile.ElementType {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .float16: .float16
        case .eightBits: .q8_0
        case .sixBits: .q6_K
        case .fourBits: .q4_K
        }
      }
    }

    func validate() throws {
      guard (model == nil) != (runFolder == nil) else {
        throw ValidationError("Give one of --model with a model's folder and --run with a run's.")
      }
      let isFile = GGUFModel.isFile(URL(filePath: out))
      guard model == nil || !adapter.isEmpty || isFile else {
        throw ValidationError("--model needs at least one --adapter, or a .gguf file to write.")
      }
      guard !isFile || !URL(filePath: out).lastPathComponent.lowercased().hasPrefix("mmproj") else {
        throw ValidationError("\(out): names that begin with mmproj are those of the files of vision towers.")
      }
      if let dtype, dtype.element == nil, !isFile {
        throw ValidationError("--dtype \(dtype.rawValue) belongs to a .gguf file.")
      }
      guard !isFile || !decision else { throw ValidationError("--decision writes a folder, not a .gguf file.") }
      guard runFolder == nil || adapter.isEmpty else {
        throw ValidationError("--adapter belongs to --model; a run has its own.")
      }
      guard runFolder != nil || set.texts.isEmpty else { throw ValidationError("--set belongs to --run.") }
      guard !decision || runFolder != nil else {
        throw ValidationError("--decision needs --run: it is a run that says what its student was asked.")
      }
      guard !fitTemperature || decision else { throw ValidationError("--fit-temperature belongs to --decision.") }
      guard !apart || decision else { throw ValidationError("--apart belongs to --decision.") }
      guard !apart || dtype == nil else { throw ValidationError("With --apart the weights stay as they are.") }
      var used = UsedFiles()
      if let runFolder { used.add(run: URL(filePath: runFolder), setting: (try? set.settings()) ?? []) }
      try Output.refuse(out, over: used)
    }

    func run() throws {
      let target = URL(filePath: out)
      if let runFolder { return try write(run: URL(filePath: runFolder), to: target) }
      let source = URL(filePath: model ?? "")
      try refuse(target, as: source)
      do { try write(source, to: target) } catch let error as WeightsError {
        guard try SentenceEmbedder.isFolder(source) || GGUFEncoder.isFile(source) else { throw error }
        throw FolderProblem(
          "\(source.path): expected a decoder, or an encoder with a head for classes, found a model of sentence vectors alone, "
            + "which distill embed reads as it is (\(error))")
      }
      Output.error("\(adapter.count) merged -> \(out)")
    }

    /// Writes the model of a folder or a file with the adapters.
    private func write(_ source: URL, to target: URL) throws {
      if try ModelKind(of: source) == .textEncoder {
        guard !GGUFModel.isFile(target) else {
          throw FolderProblem("\(out): expected a decoder to write as a .gguf file, found an encoder")
        }
        if try ModelKind.isTagger(source) {
          try merged(TokenTagger(contentsOf: source)).save(to: target)
        } else {
          try merged(TextClassifier(contentsOf: source)).save(to: target)
        }
      } else {
        let student = try merge(StudentFamily.student(contentsOf: source))
        guard !GGUFModel.isFile(target) else { return try save(student, toFile: target) }
        try student.save(to: target)
      }
      try roundWeights(of: target, to: dtype?.element, as: source)
    }

    private func save(_ student: any PretrainedStudent, toFile file: URL) throws {
      guard let writable = student as? any GGUFWritable else {
        throw FolderProblem("\(out): expected a model that is written as a .gguf file, found another")
      }
      try writable.saveGGUF(to: file, as: dtype?.packed ?? .float16)
    }

    private func refuse(_ target: URL, as source: URL) throws {
      guard source.resolvingSymlinksInPath().standardized.path != target.resolvingSymlinksInPath().standardized.path
      else { throw FolderProblem("\(out): expected another folder than the model's, which the weights are read from") }
      try refuseFiles(of: source, at: target)
      guard DistillationMethod.named(in: target.appending(path: "config.yaml")) == nil else {
        throw FolderProblem("\(out): expected another folder than a run's, whose files a model's would stand among")
      }
      guard !GGUFModel.isFile(target) else { return }
      try refuseFilled(target)
    }

    /// Refuses a folder that has files in it. Whatever loads it takes what it finds there: an adapter would be put on a second
    /// time, and another run's question asked.
    private func refuseFilled(_ target: URL) throws {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: target.path, isDirectory: &isFolder) else { return }
      guard isFolder.boolValue else {
        throw FolderProblem("\(out) is a file; give a folder that is new or empty, or a name that ends in .gguf")
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: target.path).filter { !$0.hasPrefix(".") }
      guard names.isEmpty else {
        throw FolderProblem(
          "\(out) has files in it (\(names.sorted().prefix(3).joined(separator: ", "))), among which a model's would stand; give "
            + "a folder that is new or empty")
      }
    }

    /// Refuses a .gguf file that would stand in place of one that the model is read from: another file of a model that was
    /// split, or the one with its tower, whatever their names are.
    private func refuseFiles(of source: URL, at target: URL) throws {
      guard GGUFModel.isFile(target), let model = try GGUFModel(at: source) else { return }
      let tower = target.deletingLastPathComponent().appending(path: "mmproj-\(target.lastPathComponent)")
      let written = Set([target, tower].map { $0.resolvingSymlinksInPath().standardized.path })
      for path in model.paths where written.contains(URL(filePath: path).resolvingSymlinksInPath().standardized.path) {
        throw FolderProblem(
          "\(out): expected a name that leaves the model's own files as they are, found \(path) in its way")
      }
    }

    /// Writes the student of a run, by whom it is asked included.
    private func write(run folder: URL, to target: URL) throws {
      guard DistillationMethod.named(in: folder.appending(path: "config.yaml")) != .dualChecker else {
        throw ValidationError(
          "A run with 'method: dualchecker' needs no export: transformers loads \(folder.path)/student as it is, PEFT an adapter there, "
            + "which --model and --adapter merge. Typed questions are answered by distill serve --run.")
      }
      let run = try DistillationRun.opening(folder, setting: set.settings(), plugins: .command())
      let source = try run.basePath()
      try refuse(target, as: source)
      let student = try run.trainedStudent(in: .float32)
      // Before anything is written.
      let learned = try run.learnedQuestion()
      let files =
        decision
        ? try DecisionExport(
          TrainedQuestion(learned), of: student,
          temperature: learned.temperature(fittedBy: fitTemperature ? { try run.oneTemperature() } : nil)) : nil
      if apart {
        try ApartFolder.write(model: source, adapter: run.lastAdapter(), to: target)
      } else if GGUFModel.isFile(target) {
        try save(mergedAlone(student), toFile: target)
      } else {
        try mergedAlone(student).save(to: target)
        try roundWeights(of: target, to: dtype?.element, as: source)
      }
      try files?.write(to: target, adapter: apart ? ApartFolder.adapter : nil)
      let asked = decision ? ", asked '\(learned.name)'" : ""
      Output.error("the student of \(folder.path)\(asked) -> \(out)")
    }

    private func mergedAlone<Model: PretrainedStudent>(_ student: Model) throws -> any PretrainedStudent {
      var student = student
      try student.mergeAdapters()
      return student
    }

    private func merge(_ student: some PretrainedStudent) throws -> any PretrainedStudent { try merged(student) }

    /// The model with all adapters merged into it.
    private func merged<Model: TokenizedModel>(_ model: Model) throws -> Model {
      var model = model
      try model.loadAdapters(from: adapter.map { URL(filePath: $0) })
      try model.mergeAdapters()
      return model
    }
  }
#endif
