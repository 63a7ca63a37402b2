#if Run
  import Foundation
  import StudentModels

  /// A model folder that holds its base as it is, and an adapter in a folder of its own.
  enum ApartFolder {
    /// The adapter's folder within the model's.
    static let adapter = "adapter"

    /// Copies the files of a model and of an adapter, not what lies in folders beside them.
    static func write(model: URL, adapter: URL, to target: URL) throws {
      guard !GGUFModel.isFile(model) else {
        throw FolderProblem(
          "\(model.path): expected a folder, whose files can be copied; of a GGUF file leave --apart out, and a merged folder is written"
        )
      }
      guard !FileManager.default.fileExists(atPath: adapter.appending(path: "tokenizer.json").path) else {
        throw FolderProblem(
          "\(adapter.path): the adapter has a tokenizer of its own, which belongs to a merged folder; leave --apart out"
        )
      }
      try copy(model, to: target) { !$0.hasPrefix("decision") && !$0.hasPrefix(".") && !$0.hasSuffix(".md") }
      try copy(adapter, to: target.appending(path: Self.adapter)) { $0.hasPrefix("adapter_") }
    }

    private static func copy(_ source: URL, to target: URL, _ isWanted: (String) -> Bool) throws {
      let manager = FileManager.default
      try manager.createDirectory(at: target, withIntermediateDirectories: true)
      for name in try manager.contentsOfDirectory(atPath: source.path).sorted() where isWanted(name) {
        let file = source.appending(path: name).resolvingSymlinksInPath()
        var isFolder: ObjCBool = false
        guard manager.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue else { continue }
        let place = target.appending(path: name)
        if manager.fileExists(atPath: place.path) { try manager.removeItem(at: place) }
        try manager.copyItem(at: file, to: place)
      }
    }
  }
#endif
