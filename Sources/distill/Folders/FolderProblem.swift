#if Run
  /// What is wrong with a folder or a file that a command was given.
  struct FolderProblem: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }
#endif
