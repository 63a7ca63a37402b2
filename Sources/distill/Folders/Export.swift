#if Run
  import ArgumentParser
  import Foundation
  import LoRA
  import Layers
  import Student

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Merge an adapter into its model and write a model folder.",
      discussion: """
        The folder holds what transformers and this package load: config.json, the merged weights in Float32, and the \
        tokenizer's and processor's files as they were. A weight that would not be finite stops the merge, and nothing is \
        written.

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
      Output.complain("\(adapter.count) merged -> \(out)")
    }

    private func merge(_ student: some PretrainedStudent) throws -> any PretrainedStudent { try merged(student) }

    /// The model with all adapters merged into it.
    private func merged<Model: Module>(_ model: Model) throws -> Model {
      var model = model
      let plain = Set(model.parameters().map(\.path))
      for (number, folder) in adapter.enumerated() {
        let name = adapter.count == 1 ? "default" : "adapter-\(number)"
        try model.loadAdapter(from: URL(filePath: folder), named: name)
      }
      // A head that is the embedding table would change with it, and the adapter was not trained so.
      let adaptsTable = model.adapterParameters().contains {
        $0.path.contains("embed_tokens.lora_") || $0.path.hasSuffix("embed_tokens.weight")
      }
      guard !adaptsTable || plain.contains("lm_head.weight") else {
        throw FolderProblem(
          "the adapter changes the embedding table, which is the output head of this model too and must not change "
            + "there: keep model and adapter apart")
      }
      try model.mergeAdapters()
      return model
    }
  }
#endif
