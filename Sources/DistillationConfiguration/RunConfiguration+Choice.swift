extension RunConfiguration {
  /// By which labels it is chosen what Stage 2 ends with; nil where it ends as it is configured.
  ///
  /// Where the configuration does not say it, those are the budget's own: a stage that learns from few labels can know less than
  /// the one before it. Later rounds go on from what has learned the labels of those before, so that none is held out there.
  package var stage2Choice: Stage2Configuration.Choice? {
    switch stage2.choose {
    case .asConfigured: nil
    case .some(let choice): choice
    case nil: rounds == 1 && stage2.adapter == nil ? .budget : nil
    }
  }
}
