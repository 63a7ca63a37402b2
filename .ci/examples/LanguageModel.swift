import Layers
import Tensor

#if PACKAGE
  private let encoder: TextEncoder = standIn()
#endif
