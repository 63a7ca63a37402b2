#if PACKAGE
  private nonisolated(unsafe) let bytes: UnsafeBufferPointer<UInt8> = standIn()
#endif
