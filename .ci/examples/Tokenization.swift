#if PACKAGE
  private let captions: [String] = standIn()
#endif
