import Layers
import Tensor

private nonisolated(unsafe) var model: Linear = standIn()
private nonisolated(unsafe) var generator = Tensor.Generator(seed: 1)
private let configuration: LoRAConfiguration = standIn()
