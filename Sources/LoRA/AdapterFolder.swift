package import Foundation

/// The folder of an adapter as PEFT writes it.
package enum AdapterFolder {
  /// The files that it is made of.
  package static let files = ["adapter_config.json", "adapter_model.safetensors"]

  /// What a folder lacks.
  package enum Lack: Equatable, CustomStringConvertible {
    case folder
    /// The adapter lies one level deeper, in one of these.
    case isInside([String])
    /// The weights are in another form.
    case pickled
    case file(String)

    /// It in words, with what to give in its place.
    package var description: String {
      switch self {
      case .folder: return "there is no such folder"
      case .isInside(let inner):
        let names = inner.prefix(3).map { "'\($0)'" }.joined(separator: ", ") + (inner.count > 3 ? " ..." : "")
        let remedy = inner.count == 1 ? "has one: give that folder" : "have one: give one of them"
        return "it has no \(files[0]); \(names) in it \(remedy)"
      case .pickled:
        return "its weights are in adapter_model.bin, a pickle, which may run any code and is not read; "
          + "save the adapter as safetensors, as PEFT's save_pretrained does by default"
      case .file(let name): return "it has no \(name), as PEFT writes it"
      }
    }
  }

  /// What the folder lacks; empty for nothing.
  package static func lacks(_ folder: URL) -> [Lack] {
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.appending(path: name).path) }
    guard has("") else { return [.folder] }
    if !has(files[0]) {
      let inner = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        .filter { has("\($0)/\(files[0])") }
      guard inner.isEmpty else { return [.isInside(inner)] }
    }
    return files.filter { !has($0) }.map { $0 == files[1] && has("adapter_model.bin") ? .pickled : .file($0) }
  }

  /// Throws ``LoRAError/unusableFile(_:_:)`` for a folder that lacks a file.
  ///
  /// - Parameter weights: whether the weights are looked for too. The default is true.
  package static func demand(_ folder: URL, weights: Bool = true) throws(LoRAError) {
    let lacks = lacks(folder)
    guard let lack = lacks.first,
      weights || !FileManager.default.fileExists(atPath: folder.appending(path: files[0]).path)
    else { return }
    throw .unusableFile(folder.path, lack.description)
  }
}
