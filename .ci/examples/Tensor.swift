private let (x, weight, weights, bias): (Tensor, Tensor, Tensor, Tensor) = standIn()
private let (a, b): (Tensor, Tensor) = standIn()
private let url: URL = standIn()
#if PACKAGE
  private let key: String = standIn()
  private func compute() -> Tensor { standIn() }
#endif
