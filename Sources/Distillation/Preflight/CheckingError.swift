internal import TeacherProtocol
internal import Wording

/// Faults outside of a run: a configuration that can't be written, replies or models that can't be found.
package enum CheckingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file that would be replaced.
  case fileExists(String)
  /// A file that can't be written.
  case unwritable(String, reason: String)
  /// A file, folder or store in which no replies are found.
  case noReplies(String, reason: String)
  /// A file of `--truth` or a run's folder in which no labels of people are found.
  case noTruth(String, reason: String)
  /// A store of whose replies none has a place in a file of this form, and why.
  case nothingToWrite(String, form: String, leftOut: [String])
  /// A path at which no model's folder is; a repository of Hugging Face that would do in its place.
  case noModel(String, example: String)

  /// What happened, where, and what to do.
  package var description: String {
    switch self {
    case .fileExists(let file):
      "\(file) is there already and was not touched; take another name, or replace it with --force"
    case .unwritable(let file, let reason): "\(file) can't be written: \(reason)"
    case .noReplies(let place, let reason):
      "\(place): no teachers' replies found: \(reason.withoutFullStop). Give a file of replies, a run's folder, or a store."
    case .noTruth(let place, let reason):
      "\(place): no labels of people found: \(reason.withoutFullStop). Give the folder of a run in which people gave labels, or a file "
        + "with the columns item and label."
    case .nothingToWrite(let store, let form, let leftOut):
      "\(store): nothing to write as \(form), and no file was written: \(leftOut.joined(separator: "; "))"
    case .noModel(let path, let example):
      "\(path): there is no model folder with a config.json, and no GGUF file. Give the path of one, or fetch one: hf download \(example) "
        + "--local-dir \(path) (Documentation/Models.md)"
    }
  }
}
