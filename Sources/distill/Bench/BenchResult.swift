#if Run
  import Foundation

  /// One line of figures. The first keys are those that the PyTorch script of the side-by-side table prints.
  struct BenchResult: Encodable {
    let engine = "swift-distillation"
    var job: String
    var dtype: String
    var tiles: Int
    var prompt: Int
    var answer: Int
    var teachers: Int
    var threads: Int
    /// The set whose kernels ran; with "+amx" where oneDNN's ran too.
    var instructionSet: String
    /// Everything kept that a second epoch finds: image features, reference scores.
    var secondsMin: Double
    var secondsMedian: Double
    /// Nothing kept, as in a first epoch.
    var coldSecondsMedian: Double?
    /// From the prompt to its first new token, the image's features given.
    var prefillSeconds: Double?
    /// All further tokens.
    var decodeSeconds: Double?
    var loadSeconds: Double
    /// From the start of the program to the beginning of the first step: the model read, adapters attached.
    var readySeconds: Double
    /// From the start of the program to the end of the first step.
    var firstStepSeconds: Double
    var peakRssMb: Double
    /// Operations that one step needs, over its time, over what the machine can do.
    var modelFlopsUtilisation: Double?
    /// Operations a second, in thousand millions, that a loop of multiply-adds reached in this run.
    var measuredPeakGflops: Double?
    /// Bytes of weights read a second in decoding, over what a plain read loop reached in this run.
    var decodeBandwidthShare: Double?

    /// The figures on one line.
    func line() throws -> String {
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  /// Seconds of several steps.
  struct BenchTimes {
    private(set) var seconds: [Double] = []

    /// Takes the time of one step.
    mutating func measure<Result>(_ body: () throws -> Result) rethrows -> Result {
      let clock = ContinuousClock()
      let start = clock.now
      let result = try body()
      seconds.append((clock.now - start) / .seconds(1))
      return result
    }

    var minimum: Double { seconds.min() ?? 0 }
    /// The upper of the two middle ones where their number is even, as the PyTorch script takes it.
    var median: Double { seconds.sorted()[seconds.count / 2] }
  }

  /// The largest resident memory of this process so far, in MiB.
  func peakResidentMegabytes() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  }
#endif
