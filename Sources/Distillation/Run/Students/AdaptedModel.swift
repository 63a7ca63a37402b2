package import Foundation
package import LoRA
import StudentModels

extension TokenizedModel {
  /// Attaches adapters, which add up, and takes up the tokenizer that the model has with them.
  ///
  /// ```swift
  /// var student = try StudentFamily.student(contentsOf: folder)
  /// try student.loadAdapters(from: [adapter])
  /// ```
  ///
  /// - Parameter folders: as PEFT writes them, and as `Module.loadAdapter(from:named:)` reads them.
  /// - Returns: what each folder says of its adapter.
  /// - Throws: `LoRAError`, or the error of a tokenizer's file; the model is then unchanged.
  @discardableResult
  package mutating func loadAdapters(from folders: [URL]) throws -> [LoRAConfiguration] {
    var model = self
    let configurations = try folders.enumerated().map { number, folder in
      try model.loadAdapter(from: folder, named: folders.count == 1 ? "default" : "adapter-\(number)")
    }
    try model.takeTokenizer(ofAdapters: folders)
    self = model
    return configurations
  }
}
