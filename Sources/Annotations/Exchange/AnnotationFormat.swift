/// The files in which replies go to other tools and come back.
///
/// Every row carries what it was made of (`metadata`, or `meta` in Label Studio's tasks), so that nothing is lost on the way
/// there and back.
package enum AnnotationFormat: String, Sendable, CaseIterable {
  /// One flat object for each reply, as a store of JSON Lines has it.
  case jsonLines = "jsonl"
  /// TRL's conversational rows: `{"messages": [...], "images": [...]}`, one for each reply with a label.
  case conversational
  /// TRL's preference rows: `{"prompt", "chosen", "rejected", "images"}`, one for each pair of a right and a wrong reply.
  case preference
  /// Decision rows: `{"id", "state", "questions", "answers"}`, one for each reply with the probability of every label.
  case decisions
  /// Label Studio's tasks: `[{"data", "predictions"}]`, one for each item.
  case labelStudio = "label-studio"
}
