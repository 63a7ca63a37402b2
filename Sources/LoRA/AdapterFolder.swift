package import Foundation

/// The folder of an adapter as PEFT writes it.
package enum AdapterFolder {
  /// The files that it is made of.
  package static let files = ["adapter_config.json", "adapter_model.safetensors"]

  /// What the folder lacks, with what to give in its place; empty for nothing.
  package static func lacks(_ folder: URL) -> [String] {
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.appending(path: name).path) }
    guard has("") else { return ["there is no such folder"] }
    if !has(files[0]) {
      let inner = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        .filter { has("\($0)/\(files[0])") }
      guard inner.isEmpty else {
        let names = inner.prefix(3).map { "'\($0)'" }.joined(separator: ", ") + (inner.count > 3 ? " ..." : "")
        return [
          "it has no \(files[0]); \(names) in it \(inner.count == 1 ? "has one: give that folder" : "have one: give one of them")"
        ]
      }
    }
    return files.filter { !has($0) }.map { name in
      name == files[1] && has("adapter_model.bin")
        ? "its weights are in adapter_model.bin, a pickle, which may run any code and is not read; save the adapter as "
          + "safetensors, as PEFT's save_pretrained does by default"
        : "it has no \(name), as PEFT writes it"
    }
  }

  /// Throws ``LoRAError/unusableFile(_:_:)`` for a folder that lacks a file.
  ///
  /// - Parameter weights: whether the weights are looked for too. The default is true.
  package static func demand(_ folder: URL, weights: Bool = true) throws(LoRAError) {
    let lacks = lacks(folder)
    guard let lack = lacks.first,
      weights || !FileManager.default.fileExists(atPath: folder.appending(path: files[0]).path)
    else { return }
    throw .unusableFile(folder.path, lack)
  }
}
