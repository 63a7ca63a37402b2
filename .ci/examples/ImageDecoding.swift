private let image: RGBImage = standIn()
private let picture: RGBImage = standIn()
private let bytes: [UInt8] = standIn()
#if PACKAGE
  private let first: ProcessedImage = standIn()
  private let second: ProcessedImage = standIn()
  private let third: ProcessedImage = standIn()
#endif
