import Layers
import Testing

@Suite struct LearningRateScheduleTests {
  private func rates(_ shape: LearningRateSchedule.Shape, warmup: Int, total: Int) -> [Float] {
    let schedule = LearningRateSchedule(shape: shape, peak: 2, warmupSteps: warmup, totalSteps: total)
    return (0..<total).map(schedule.rate)
  }

  @Test func `after the warm-up a cosine falls along half a wave`() {
    // Warm-up 0, 1/2 of the peak; then (1 + cos(pi · 0, 1/4, 1/2, 3/4)) / 2 of it.
    let root = Float(2).squareRoot()
    let expected: [Float] = [0, 1, 2, 1 + root / 2, 1, 1 - root / 2]
    for (rate, expected) in zip(rates(.cosine, warmup: 2, total: 6), expected) { #expect(abs(rate - expected) < 1e-6) }
  }

  @Test func `a line falls to zero at the end`() {
    for (rate, expected) in zip(rates(.linear, warmup: 2, total: 6), [0, 1, 2, 1.5, 1, 0.5] as [Float]) {
      #expect(abs(rate - expected) < 1e-6)
    }
  }

  @Test func `a constant rate stays`() {
    #expect(rates(.constant, warmup: 2, total: 5) == [0, 1, 2, 2, 2])
    #expect(rates(.constant, warmup: 0, total: 2) == [2, 2])
  }

  @Test func `beyond the end the rate is zero, and a warm-up longer than the run is just cut`() {
    for shape in [LearningRateSchedule.Shape.cosine, .linear] {
      let schedule = LearningRateSchedule(shape: shape, peak: 2, totalSteps: 3)
      #expect(schedule.rate(at: 0) == 2 && schedule.rate(at: 3) < 1e-6 && schedule.rate(at: 100) < 1e-6)
      #expect(rates(shape, warmup: 4, total: 3) == [0, 0.5, 1])
    }
  }
}
