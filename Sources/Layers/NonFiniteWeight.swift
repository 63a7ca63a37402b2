package import Tensor

/// A weight of a model that is no number, found when what the model computes is none: no setting of training helps there.
///
/// Weights are not looked through when they are read, as those that nothing needs stay on the file's pages.
package struct NonFiniteWeight: Error, Sendable, Equatable, CustomStringConvertible {
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
    "the weight \(path) is \(value) at its element \(element), so that nothing can be computed with it: the model's folder, or the "
      + "adapter that was put on it, is damaged. Fetch or make it anew"
  }
}

extension Tensor {
  /// The first element that is no finite number, counted row by row, and its value; nil where all are.
  package var firstNonFinite: (element: Int, value: String)? {
    withScalars { scalars in
      // One that was narrower than Float32 would be written with bits of its own: -nan(0x1f0000).
      scalars.indices.first { !scalars[$0].isFinite }.map { ($0, scalars[$0].isNaN ? "nan" : "\(scalars[$0])") }
    }
  }
}
