import Tensor

#if PACKAGE
  private let tower: Qwen2Vision = standIn()
  private let patches: Tensor = standIn()
#endif
