#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  import LoRA
  import StudentModels
  import Tensor

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Merge an adapter into its model and write a model folder.",
      discussion: """
        The folder holds what transformers and this package load: config.json, the merged weights, and the \
        tokenizer's and processor's files as they were, or the tokenizer's as the adapter's folder has them. Merging is \
        done in Float32 and rounded once, to the type that the model's weights have in its folder. A model whose \
        output head is its token table has a head of its own afterwards where the adapter parts the two. A weight that \
        would not be finite stops the merge, and nothing is written.

        Example:

          distill export --model models/smolvlm --adapter runs/news/stage2 --out student
        """)

    @Option(help: ArgumentHelp("The model's folder.", valueName: "folder"), completion: .directory)
    var model: String

    @Option(
      help: ArgumentHelp("The folder of a PEFT adapter; several are added up.", valueName: "folder"),
      completion: .directory)
    var adapter: [String]

    @Option(
      name: .shortAndLong, help: ArgumentHelp("The folder to write.", valueName: "folder"), completion: .directory)
    var out: String

    @Option(
      help: ArgumentHelp(
        "Type of the written weights: float32, bfloat16 or float16. (default: that of the model's folder)",
        valueName: "type"))
    var dtype: WeightType?

    /// The types of weights that are written.
    enum WeightType: String, ExpressibleByArgument, CaseIterable {
      case float32, bfloat16, float16

      var element: Tensor.SafetensorsFile.ElementType {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .float16: .float16
        }
      }
    }

    func run() throws {
      let (source, target) = (URL(filePath: model), URL(filePath: out))
      guard source.resolvingSymlinksInPath().standardized.path != target.resolvingSymlinksInPath().standardized.path
      else { throw FolderProblem("\(out): expected another folder than the model's, which the weights are read from") }
      if try ModelKind(of: source) == .textEncoder {
        if try ModelKind.isTagger(source) {
          try merged(TokenTagger(contentsOf: source)).save(to: target)
        } else {
          try merged(TextClassifier(contentsOf: source)).save(to: target)
        }
      } else {
        try merge(StudentFamily.student(contentsOf: source)).save(to: target)
      }
      try roundWeights(of: target, to: dtype?.element, as: source)
      Output.error("\(adapter.count) merged -> \(out)")
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
