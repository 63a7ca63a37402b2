extension ReportContent {
  /// A chart of one or more measures over the steps of one training.
  package struct Curve: Codable, Sendable, Equatable {
    /// One line of the chart.
    package struct Series: Codable, Sendable, Equatable {
      /// The name that stands beside the line.
      package var name: String
      package var steps: [Int]
      /// The measure at each of them; values that are not finite are gaps.
      package var values: [Double]

      /// A line.
      ///
      /// - Precondition: as many steps as values.
      package init(name: String, steps: [Int], values: [Double]) {
        precondition(steps.count == values.count, "\(steps.count) steps and \(values.count) values")
        (self.name, self.steps, self.values) = (name, steps, values)
      }
    }

    /// The training, named as in `metrics.jsonl`.
    package var stage: String
    /// What is measured, with its unit if it has one.
    package var title: String
    package var series: [Series]

    package init(stage: String, title: String, series: [Series]) {
      (self.stage, self.title, self.series) = (stage, title, series)
    }
  }

  /// The curves worth looking at in a training log: loss, rewards, and the shares of answer
  /// tokens foreseen and of pairs put in the right order, for each
  /// stage in the order in which the stages first appear.
  package static func curves(of rows: [MetricsRow]) -> [Curve] {
    var stages: [String] = []
    for row in rows where stages.last != row.stage && !stages.contains(row.stage) { stages.append(row.stage) }
    let charts: [(title: String, lines: [(name: String, metric: TrainingMetric)])] = [
      ("Loss", [("loss", .loss)]),
      ("Reward", [("chosen", .rewardsChosen), ("rejected", .rewardsRejected), ("margin", .rewardsMargins)]),
      ("Share right", [("tokens", .meanTokenAccuracy), ("pairs", .rewardsAccuracies)]),
    ]
    return stages.flatMap { stage in
      let rows = rows.filter { $0.stage == stage }.sorted { $0.step < $1.step }
      return charts.compactMap { chart in
        let series = chart.lines.compactMap { line in
          let measured = rows.filter { $0[line.metric] != nil }
          return measured.isEmpty
            ? nil
            : Curve.Series(
              name: line.name, steps: measured.map(\.step), values: measured.map { $0[line.metric] ?? .nan })
        }
        return series.isEmpty ? nil : Curve(stage: stage, title: chart.title, series: series)
      }
    }
  }
}
