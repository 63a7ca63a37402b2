internal import Tensor

/// A weight of a model that is no number: no setting of training helps there.
///
/// A run looks weights through before it computes with them, as they are stored: about 0.2 s a gigabyte on one thread. Where a
/// model is read for other ends they are not, as those that nothing needs stay on the file's pages.
package struct NonFiniteWeight: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file that has it; nil where it is not known.
  package var file: String?
  /// The parameter's path, as in the weight files.
  package var path: String
  /// The first such element, counted row by row, and its value.
  package var element: Int
  package var value: String

  /// The first weight of a model that is no number; nil where all are.
  ///
  /// - Parameter isAsked: whether a parameter counts. By default all do.
  package init?(in model: some Module, where isAsked: (Parameter) -> Bool = { _ in true }) {
    for (path, parameter) in model.parameters() where isAsked(parameter) {
      guard let (element, value) = parameter.value.firstNonFinite else { continue }
      (self.path, self.element, self.value) = (path, element, value)
      return
    }
    return nil
  }

  package var description: String {
    let source = file == nil ? "the model's folder, or the adapter that was put on it," : "the file"
    return (file.map { "\($0): " } ?? "")
      + "the weight \(path) is \(value) at its element \(element), so that nothing can be computed with it: \(source) is damaged. "
      + "Fetch or make it anew"
  }
}
