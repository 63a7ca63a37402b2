#if PACKAGE
  private struct Smoothing: ConfigurationSection {
    var width = 5
    static let blank = Smoothing()
    static let keys: [ConfigurationKey<Smoothing>] = []
  }
#endif
