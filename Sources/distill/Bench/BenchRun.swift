#if Run
  import Foundation
  import LanguageModel
  import Layers
  import StudentModels
  import Tensor
  import Tokenization

  /// A benchmark of one model folder.
  struct BenchRun {
    var model: URL
    var job: BenchJob
    var precision = WeightFormat.float32
    var sizes = BenchSizes()
    /// When the program began.
    let start = ContinuousClock.now

    /// Takes all times.
    func measure() throws -> BenchResult {
      if job == .encoder { return try measureEncoder() }
      let student = try StudentFamily.student(contentsOf: model)
      return try measure(student, loaded: since(start))
    }

    private func measure(_ student: some PretrainedStudent, loaded: Double) throws -> BenchResult {
      let arithmetic = BenchArithmetic(decoder: student.decoder, tower: student.tower)
      var bench = try DecoderBench(student, sizes: sizes, precision: precision)
      let prompt = bench.imageTokens + sizes.prompt
      var (warm, cold, prefill) = (BenchTimes(), BenchTimes(), BenchTimes())
      var result = empty(loaded: loaded)
      func step(cold: Bool) {
        switch job {
        case .vision: bench.vision()
        case .sft: bench.sft(cold: cold)
        case .dpo: bench.dpo(cold: cold)
        case .generate: bench.generate(tokens: sizes.answer, cold: cold)
        case .score: bench.score()
        case .encoder: break
        }
      }
      result.readySeconds = since(start)
      step(cold: true)
      result.firstStepSeconds = since(start)
      if sizes.steps == 0 {
        let seconds = result.firstStepSeconds - result.readySeconds
        (result.secondsMin, result.secondsMedian, result.peakRssMb) = (seconds, seconds, peakResidentMegabytes())
        return result
      }
      for _ in 0..<sizes.steps {
        if job == .generate { cold.measure { step(cold: true) } }
        warm.measure { step(cold: false) }
        if job == .generate { prefill.measure { bench.generate(tokens: 1, cold: false) } }
      }
      result.peakRssMb = peakResidentMegabytes()
      // A run computes the features of all photos, then trains: no step of it holds both the tower and activations.
      if job == .sft || job == .dpo { for _ in 0..<sizes.steps { cold.measure { step(cold: true) } } }
      try record { step(cold: false) }
      (result.secondsMin, result.secondsMedian) = (warm.minimum, warm.median)
      if !cold.seconds.isEmpty { result.coldSecondsMedian = cold.median }
      let answers = Array(repeating: sizes.answer, count: job == .dpo ? 2 : sizes.teachers)
      switch job {
      case .vision: rate(&result, arithmetic.vision(tiles: sizes.tiles))
      case .sft, .dpo: rate(&result, arithmetic.training(prompt: prompt, answers: answers))
      case .generate:
        result.prefillSeconds = prefill.median
        let decode = warm.median - prefill.median
        result.decodeSeconds = decode
        let bytes = Double(student.decoder.weightsPerToken) * precision.bytesPerWeight
        result.decodeBandwidthShare =
          bytes * Double(sizes.answer - 1) / decode / Tensor.Compute.measuredBandwidth()
      case .score, .encoder: break
      }
      return result
    }

    private func measureEncoder() throws -> BenchResult {
      let classifier = try TextClassifier(contentsOf: model)
      let (labels, vocabulary) = (classifier.labels, classifier.model.encoder.configuration.vocabularySize)
      var result = empty(loaded: since(start))
      guard sizes.tags else {
        let bench = try EncoderBench(classifier, sizes: sizes, precision: precision, vocabulary: vocabulary) {
          $0.loss($1, classes: $1.indices.map { $0 % labels.count })
        }
        return try measure(bench, &result)
      }
      var generator = Tensor.Generator(seed: 0)
      let tagger = try TokenTagger(encoderIn: model, labels: labels, using: &generator)
      let bench = try EncoderBench(tagger, sizes: sizes, precision: precision, vocabulary: vocabulary) {
        $0.loss($1, classes: $1.map { $0.ids.map { $0 % labels.count } })
      }
      return try measure(bench, &result)
    }

    private func measure(
      _ bench: consuming EncoderBench<some Module>, _ result: inout BenchResult
    ) throws -> BenchResult {
      result.readySeconds = since(start)
      bench.step()
      result.firstStepSeconds = since(start)
      var times = BenchTimes()
      for _ in 0..<sizes.steps { times.measure { bench.step() } }
      try record { bench.step() }
      (result.secondsMin, result.secondsMedian) = (times.minimum, times.median)
      result.peakRssMb = peakResidentMegabytes()
      return result
    }

    /// Writes what the tasks of one more step take, if that is wanted.
    private func record(_ step: () -> Void) throws {
      guard let path = sizes.taskTimes, !Tensor.Compute.recordingTasks(to: path, step) else { return }
      throw FolderProblem("--task-times \(path): the file cannot be written; name one in a folder that exists")
    }

    private func rate(_ result: inout BenchResult, _ operations: Double?) {
      // Where the set has no products of bfloat16 numbers, matrices in bfloat16 meet Float32.
      let pairs = precision == .bfloat16 ? Tensor.Compute.measuredPeak(bfloat16: true) : nil
      guard let operations, let peak = pairs ?? Tensor.Compute.measuredPeak() else { return }
      result.measuredPeakGflops = peak / 1e9
      result.modelFlopsUtilisation = operations / result.secondsMedian / peak
    }

    private func empty(loaded: Double) -> BenchResult {
      BenchResult(
        job: job.rawValue, dtype: precision.rawValue, tiles: sizes.tiles, prompt: sizes.prompt, answer: sizes.answer,
        teachers: sizes.teachers, threads: Tensor.Compute.threads, instructionSet: Tensor.Compute.kernelsInUse,
        secondsMin: 0, secondsMedian: 0, loadSeconds: loaded, readySeconds: 0, firstStepSeconds: 0, peakRssMb: 0)
    }
  }

  extension WeightFormat {
    /// What a product reads of each weight; in 8 bits a scale of 4 bytes for 64 weights too.
    fileprivate var bytesPerWeight: Double {
      switch self {
      case .float32: 4
      case .bfloat16: 2
      case .int8: 1 + 4.0 / 64
      }
    }
  }

  private func since(_ start: ContinuousClock.Instant) -> Double { (ContinuousClock.now - start) / .seconds(1) }
#endif
