import Tensor

private nonisolated(unsafe) var model: Linear = standIn()
private let (x, y): (Tensor, Tensor) = standIn()
private let (q, k, v): (Tensor, Tensor, Tensor) = standIn()
private let (pixels, tiles): (Tensor, Tensor) = standIn()
private func tower(_ pixels: Tensor) -> Tensor { standIn() }
